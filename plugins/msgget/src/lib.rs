//! msgget(2): find or make a queue of messages.

use sdk::abi::Bit;
use sdk::declare::bit;
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
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] =
    &[bit("", "IPC_CREAT", libc::IPC_CREAT as i64), bit("", "IPC_EXCL", libc::IPC_EXCL as i64)];

export_plugin!(Msgget);
