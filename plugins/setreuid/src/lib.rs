//! setreuid(2): set the real and effective user of this process; −1 leaves one as it is.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "setreuid",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Setreuid {
    #[arg(0)]
    real_uid: i32,
    #[arg(1)]
    effective_uid: i32,
}

export_plugin!(Setreuid);
