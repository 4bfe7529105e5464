//! mq_timedreceive(2): take the first message out of a queue, or wait for one.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "mq_timedreceive",
    blocks,
    simulated = "the machine's message queues are left alone",
    class = "ipc"
)]
struct MqTimedreceive<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[output(1, length = 2)]
    data_read: Option<&'t [u8]>,
    #[arg(2)]
    bytes_requested: i64,
    #[after(3)]
    priority: Option<i32>,
    #[timespec(4)]
    timeout: Option<Tfrac>,
}

export_plugin!(MqTimedreceive);
