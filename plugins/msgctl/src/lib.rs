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
    #[names(COMMANDS)]
    command: i32,
    #[arg(2)]
    #[hex]
    address: i64,
}

const COMMANDS: &[Bit] = &[
    constant("", "IPC_RMID", libc::IPC_RMID as i64),
    constant("", "IPC_SET", libc::IPC_SET as i64),
    constant("", "IPC_STAT", libc::IPC_STAT as i64),
    constant("", "IPC_INFO", libc::IPC_INFO as i64),
    constant("", "MSG_STAT", 11),
    constant("", "MSG_INFO", 12),
    constant("", "MSG_STAT_ANY", 13),
];

export_plugin!(Msgctl);
