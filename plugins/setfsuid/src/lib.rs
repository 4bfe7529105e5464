//! setfsuid(2): set the user as whom this thread accesses files.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "setfsuid",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Setfsuid {
    #[arg(0)]
    filesystem_uid: i32,
}

export_plugin!(Setfsuid);
