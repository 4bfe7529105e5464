//! io_getevents(2): wait for asynchronous I/O to be done.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "io_getevents", simulated = "no asynchronous I/O is made")]
struct IoGetevents {
    #[arg(0)]
    #[hex]
    context: i64,
    #[arg(1)]
    least_count: i64,
    #[arg(2)]
    events_requested: i64,
    #[timespec(4)]
    timeout: Option<Tfrac>,
}

export_plugin!(IoGetevents);
