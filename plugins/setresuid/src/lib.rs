//! setresuid(2): set the real, effective and saved user of this process; −1 leaves one as it is.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "setresuid",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Setresuid {
    #[arg(0)]
    real_uid: i32,
    #[arg(1)]
    effective_uid: i32,
    #[arg(2)]
    saved_uid: i32,
}

export_plugin!(Setresuid);
