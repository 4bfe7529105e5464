//! msgctl(2): tell of a queue of messages, change or destroy it.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "msgctl",
    returns = status,
    simulated = "the machine's shared memory, queues and semaphores are left alone",
    class = "ipc"
)]
struct Msgctl {
    #[arg(0)]
    queue: i32,
    #[arg(1)]
    #[names(bits::IPC_CONTROL)]
    #[names(COMMANDS)]
    command: i32,
    #[arg(2)]
    #[hex]
    address: i64,
}

const COMMANDS: &[Bit] =
    &[constant("", "MSG_STAT", 11), constant("", "MSG_INFO", 12), constant("", "MSG_STAT_ANY", 13)];

export_plugin!(Msgctl);
