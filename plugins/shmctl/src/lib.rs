//! shmctl(2): tell of a segment of shared memory, change it, or mark it to be destroyed.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "shmctl",
    returns = status,
    simulated = "the machine's shared memory, queues and semaphores are left alone",
    class = "ipc"
)]
struct Shmctl {
    #[arg(0)]
    segment: i32,
    #[arg(1)]
    #[names(bits::IPC_CONTROL)]
    #[names(COMMANDS)]
    command: i32,
    #[arg(2)]
    #[hex]
    address: i64,
}

const COMMANDS: &[Bit] = &[
    constant("", "SHM_STAT", 13),
    constant("", "SHM_INFO", 14),
    constant("", "SHM_STAT_ANY", 15),
    constant("", "SHM_LOCK", 11),
    constant("", "SHM_UNLOCK", 12),
];

export_plugin!(Shmctl);
