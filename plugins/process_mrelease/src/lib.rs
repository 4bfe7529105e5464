//! process_mrelease(2): free the memory of a process that is dying.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "process_mrelease",
    simulated = "the replay has no processes to act on",
    class = "memory"
)]
struct ProcessMrelease {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[hex]
    flags_value: Option<i32>,
}

export_plugin!(ProcessMrelease);
