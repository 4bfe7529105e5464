//! mq_getsetattr(2): tell a message queue's attributes, and set its flags.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "mq_getsetattr",
    simulated = "the machine's message queues are left alone",
    class = "ipc"
)]
struct MqGetsetattr {
    #[arg(0)]
    descriptor: Fd,
    #[before(1)]
    #[hex]
    flags_value: Option<i64>,
    #[after(2)]
    #[hex]
    old_flags: Option<i64>,
    #[after(2, offset = 8)]
    most_messages: Option<i64>,
    #[after(2, offset = 16)]
    largest_message: Option<i64>,
    #[after(2, offset = 24)]
    messages: Option<i64>,
}

export_plugin!(MqGetsetattr);
