//! getuid(2): the real user of this process.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "getuid",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Getuid;

export_plugin!(Getuid);
