//! futex_waitv(2): wait until one of several words in memory changes.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "futex_waitv", blocks, simulated = "no memory of the program is there")]
struct FutexWaitv {
    #[arg(0)]
    #[hex]
    waiters_address: i64,
    #[arg(1)]
    count: i32,
    #[arg(2)]
    #[hex]
    flags_value: Option<i32>,
    #[timespec(3)]
    timeout: Option<Tfrac>,
    #[arg(4)]
    #[names(bits::CLOCK)]
    clock: i32,
}

export_plugin!(FutexWaitv);
