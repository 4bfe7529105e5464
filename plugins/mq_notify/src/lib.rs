//! mq_notify(2): be told when a message comes into an empty queue.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "mq_notify",
    simulated = "the machine's message queues are left alone",
    class = "ipc"
)]
struct MqNotify {
    #[arg(0)]
    descriptor: Fd,
    #[before(1, offset = 12)]
    notification: Option<i32>,
    #[before(1, offset = 8)]
    signal: Option<i32>,
}

export_plugin!(MqNotify);
