//! semget(2): find or make a set of semaphores.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "semget",
    returns = status,
    simulated = "the machine's shared memory, queues and semaphores are left alone",
    class = "ipc"
)]
struct Semget {
    #[arg(0)]
    #[hex]
    key: i32,
    #[arg(1)]
    count: i32,
    #[arg(2)]
    #[bits(bits::IPC_GET)]
    flags_value: Option<i32>,
}

export_plugin!(Semget);
