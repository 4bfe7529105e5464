//! geteuid(2): the effective user of this process.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "geteuid",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Geteuid;

export_plugin!(Geteuid);
