//! mq_unlink(2): remove a message queue's name.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "mq_unlink",
    simulated = "the machine's message queues are left alone",
    class = "ipc"
)]
struct MqUnlink<'t> {
    #[string(0)]
    queue_name: Option<&'t [u8]>,
}

export_plugin!(MqUnlink);
