//! io_uring_setup(2): make rings by which I/O is requested without calls.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "io_uring_setup",
    returns = descriptor,
    refused = "what goes through its rings can't be recorded",
    simulated = "what goes through its rings is not in the trace"
)]
struct IoUringSetup {
    #[arg(0)]
    entries_requested: i32,
    #[before(1, offset = 8)]
    #[hex]
    flags_value: Option<i32>,
    #[after(1)]
    submission_entries: Option<i32>,
    #[after(1, offset = 4)]
    completion_entries: Option<i32>,
    #[after(1, offset = 20)]
    #[hex]
    features_value: Option<i32>,
}

export_plugin!(IoUringSetup);
