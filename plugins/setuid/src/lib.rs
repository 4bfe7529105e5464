//! setuid(2): run this process as another user.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "setuid",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Setuid {
    #[arg(0)]
    uid: i32,
}

export_plugin!(Setuid);
