//! setgid(2): run this process as another group.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "setgid",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Setgid {
    #[arg(0)]
    gid: i32,
}

export_plugin!(Setgid);
