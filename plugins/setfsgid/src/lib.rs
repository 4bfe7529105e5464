//! setfsgid(2): set the group as which this thread accesses files.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "setfsgid",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Setfsgid {
    #[arg(0)]
    filesystem_gid: i32,
}

export_plugin!(Setfsgid);
