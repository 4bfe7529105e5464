//! futex(2): wait until a word in memory changes, or wake those who do.

use sdk::abi::{Bit, Condition};
use sdk::declare::{bit, value_of};
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "futex", blocks, simulated = "no memory of the program is there")]
struct Futex {
    #[arg(0)]
    #[hex]
    address: i64,
    #[arg(1)]
    #[bits(OPERATIONS)]
    operation: i32,
    #[arg(2)]
    value: i32,
    #[timespec(3)]
    #[when(IS_WAIT, IS_WAIT_BITSET, IS_LOCK_PI, IS_LOCK_PI2, IS_WAIT_REQUEUE_PI)]
    timeout: Option<Tfrac>,
    /// The timeout's address, or how many are to wait elsewhere.
    #[arg(3)]
    #[hex]
    value_2: i64,
    #[arg(4)]
    #[hex]
    address_2: i64,
    #[arg(5)]
    #[hex]
    value_3: i32,
}

const IS_WAIT: Condition = is(libc::FUTEX_WAIT);
const IS_WAIT_BITSET: Condition = is(libc::FUTEX_WAIT_BITSET);
const IS_LOCK_PI: Condition = is(libc::FUTEX_LOCK_PI);
const IS_LOCK_PI2: Condition = is(libc::FUTEX_LOCK_PI2);
const IS_WAIT_REQUEUE_PI: Condition = is(libc::FUTEX_WAIT_REQUEUE_PI);

/// The bits that hold the operation itself.
const COMMAND: i32 = libc::FUTEX_CMD_MASK;

const fn is(operation: i32) -> Condition {
    arg(1).has(COMMAND as u32, operation as u32)
}

const fn command(name: &'static str, operation: i32) -> Bit {
    value_of("", name, COMMAND as u32 as i64, operation as i64)
}

const OPERATIONS: &[Bit] = &[
    command("FUTEX_WAIT", libc::FUTEX_WAIT),
    command("FUTEX_WAKE", libc::FUTEX_WAKE),
    command("FUTEX_REQUEUE", libc::FUTEX_REQUEUE),
    command("FUTEX_CMP_REQUEUE", libc::FUTEX_CMP_REQUEUE),
    command("FUTEX_WAKE_OP", libc::FUTEX_WAKE_OP),
    command("FUTEX_LOCK_PI", libc::FUTEX_LOCK_PI),
    command("FUTEX_UNLOCK_PI", libc::FUTEX_UNLOCK_PI),
    command("FUTEX_TRYLOCK_PI", libc::FUTEX_TRYLOCK_PI),
    command("FUTEX_WAIT_BITSET", libc::FUTEX_WAIT_BITSET),
    command("FUTEX_WAKE_BITSET", libc::FUTEX_WAKE_BITSET),
    command("FUTEX_WAIT_REQUEUE_PI", libc::FUTEX_WAIT_REQUEUE_PI),
    command("FUTEX_CMP_REQUEUE_PI", libc::FUTEX_CMP_REQUEUE_PI),
    command("FUTEX_LOCK_PI2", libc::FUTEX_LOCK_PI2),
    bit("", "FUTEX_PRIVATE_FLAG", libc::FUTEX_PRIVATE_FLAG as i64),
    bit("", "FUTEX_CLOCK_REALTIME", libc::FUTEX_CLOCK_REALTIME as i64),
];

export_plugin!(Futex);
