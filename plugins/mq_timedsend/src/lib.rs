//! mq_timedsend(2): put a message into a queue, or wait until there is room.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "mq_timedsend",
    blocks,
    simulated = "the machine's message queues are left alone",
    class = "ipc"
)]
struct MqTimedsend<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[input(1, length = 2, whole)]
    data_written: Option<&'t [u8]>,
    #[arg(2)]
    bytes_requested: i64,
    #[arg(3)]
    priority: i32,
    #[timespec(4)]
    timeout: Option<Tfrac>,
}

export_plugin!(MqTimedsend);
