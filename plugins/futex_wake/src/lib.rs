//! futex_wake(2): wake those who wait for a word in memory.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "futex_wake", simulated = "no memory of the program is there")]
struct FutexWake {
    #[arg(0)]
    #[hex]
    address: i64,
    #[arg(1)]
    #[hex]
    mask: i64,
    #[arg(2)]
    count: i32,
    #[arg(3)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[bit("", "FUTEX2_NUMA", 4), bit("", "FUTEX2_PRIVATE", 0x80)];

export_plugin!(FutexWake);
