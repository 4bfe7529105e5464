//! process_madvise(2): tell the kernel how another process will use its memory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "process_madvise",
    simulated = "the replay has no processes to act on",
    class = "memory"
)]
struct ProcessMadvise {
    #[arg(0)]
    descriptor: Fd,
    #[arg(2)]
    count: i64,
    #[arg(3)]
    advice: i32,
    #[arg(4)]
    #[hex]
    flags_value: Option<i32>,
}

export_plugin!(ProcessMadvise);
