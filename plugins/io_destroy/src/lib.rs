//! io_destroy(2): cancel all requests of a context for asynchronous I/O, and remove it.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "io_destroy", simulated = "no asynchronous I/O is made")]
struct IoDestroy {
    #[arg(0)]
    #[hex]
    context: i64,
}

export_plugin!(IoDestroy);
