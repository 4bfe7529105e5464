//! getegid(2): the effective group of this process.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "getegid",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Getegid;

export_plugin!(Getegid);
