//! futex_wait(2): wait until a word in memory changes.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "futex_wait", blocks, simulated = "no memory of the program is there")]
struct FutexWait {
    #[arg(0)]
    #[hex]
    address: i64,
    #[arg(1)]
    #[hex]
    value: i64,
    #[arg(2)]
    #[hex]
    mask: i64,
    #[arg(3)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
    #[timespec(4)]
    timeout: Option<Tfrac>,
    #[arg(5)]
    #[names(bits::CLOCK)]
    clock: i32,
}

const FLAGS: &[Bit] = &[bit("", "FUTEX2_NUMA", 4), bit("", "FUTEX2_PRIVATE", 0x80)];

export_plugin!(FutexWait);
