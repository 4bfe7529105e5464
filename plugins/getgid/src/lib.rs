//! getgid(2): the real group of this process.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "getgid",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Getgid;

export_plugin!(Getgid);
