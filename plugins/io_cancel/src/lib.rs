//! io_cancel(2): take back a request for asynchronous I/O.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "io_cancel", simulated = "no asynchronous I/O is made")]
struct IoCancel {
    #[arg(0)]
    #[hex]
    context: i64,
    #[arg(1)]
    #[hex]
    request_address: i64,
}

export_plugin!(IoCancel);
