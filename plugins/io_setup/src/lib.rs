//! io_setup(2): make a context for asynchronous I/O.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "io_setup", simulated = "no asynchronous I/O is made")]
struct IoSetup {
    #[arg(0)]
    events_requested: i32,
    #[after(1)]
    #[hex]
    context: Option<i64>,
}

export_plugin!(IoSetup);
