//! mq_open(2): open a message queue, or make one.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "mq_open",
    returns = descriptor,
    simulated = "the machine's message queues are left alone",
    class = "ipc"
)]
struct MqOpen<'t> {
    #[string(0)]
    queue_name: Option<&'t [u8]>,
    #[arg(1)]
    #[bits(bits::OPEN)]
    open_value: Option<i32>,
    #[arg(2)]
    #[when(arg(1).any(libc::O_CREAT))]
    #[bits(bits::MODE)]
    #[octal]
    mode_value: Option<i32>,
    #[before(3, offset = 8)]
    most_messages: Option<i64>,
    #[before(3, offset = 16)]
    largest_message: Option<i64>,
}

export_plugin!(MqOpen);
