//! semctl(2): tell of a set of semaphores, set their values, or destroy it.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "semctl",
    returns = status,
    simulated = "the machine's shared memory, queues and semaphores are left alone",
    class = "ipc"
)]
struct Semctl {
    #[arg(0)]
    set: i32,
    #[arg(1)]
    semaphore: i32,
    #[arg(2)]
    #[names(bits::IPC_CONTROL)]
    #[names(COMMANDS)]
    command: i32,
    #[arg(3)]
    #[hex]
    argument_value: Option<i64>,
}

const COMMANDS: &[Bit] = &[
    constant("", "GETPID", 11),
    constant("", "GETVAL", 12),
    constant("", "GETALL", 13),
    constant("", "GETNCNT", 14),
    constant("", "GETZCNT", 15),
    constant("", "SETVAL", 16),
    constant("", "SETALL", 17),
    constant("", "SEM_STAT", 18),
    constant("", "SEM_INFO", 19),
    constant("", "SEM_STAT_ANY", 20),
];

export_plugin!(Semctl);
