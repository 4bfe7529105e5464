//! futex_requeue(2): have those who wait for a word in memory wait for another.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "futex_requeue", simulated = "no memory of the program is there")]
struct FutexRequeue {
    #[arg(0)]
    #[hex]
    waiters_address: i64,
    #[arg(1)]
    #[hex]
    flags_value: Option<i32>,
    #[arg(2)]
    wake_count: i32,
    #[arg(3)]
    requeue_count: i32,
}

export_plugin!(FutexRequeue);
