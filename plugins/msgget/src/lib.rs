//! msgget(2): find or make a queue of messages.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "msgget",
    returns = status,
    simulated = "the machine's shared memory, queues and semaphores are left alone",
    class = "ipc"
)]
struct Msgget {
    #[arg(0)]
    #[hex]
    key: i32,
    #[arg(1)]
    #[bits(bits::IPC_GET)]
    flags_value: Option<i32>,
}

export_plugin!(Msgget);
