//! msgrcv(2): take a message out of a queue.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "msgrcv",
    blocks,
    simulated = "the machine's shared memory, queues and semaphores are left alone",
    class = "ipc"
)]
struct Msgrcv {
    #[arg(0)]
    queue: i32,
    #[after(1)]
    message_type: Option<i64>,
    #[arg(2)]
    bytes_requested: i64,
    #[arg(3)]
    type_requested: i64,
    #[arg(4)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "IPC_NOWAIT", libc::IPC_NOWAIT as i64),
    bit("", "MSG_NOERROR", 0o10000),
    bit("", "MSG_EXCEPT", 0o20000),
    bit("", "MSG_COPY", 0o40000),
];

export_plugin!(Msgrcv);
