//! io_submit(2): hand over requests for asynchronous I/O.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "io_submit", simulated = "the trace has the number of the requests only")]
struct IoSubmit {
    #[arg(0)]
    #[hex]
    context: i64,
    #[arg(1)]
    count: i64,
}

export_plugin!(IoSubmit);
