//! msgsnd(2): put a message into a queue.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "msgsnd",
    blocks,
    simulated = "the machine's shared memory, queues and semaphores are left alone",
    class = "ipc"
)]
struct Msgsnd {
    #[arg(0)]
    queue: i32,
    #[before(1)]
    message_type: Option<i64>,
    #[arg(2)]
    bytes_requested: i64,
    #[arg(3)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[bit("", "IPC_NOWAIT", libc::IPC_NOWAIT as i64)];

export_plugin!(Msgsnd);
