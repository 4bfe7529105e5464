//! syslog(2): read the kernel's messages, or say which of them the console shows.

use sdk::abi::{Bit, Condition};
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "syslog", returns = status, simulated = "the machine is left alone")]
struct Syslog<'t> {
    #[arg(0)]
    #[names(ACTIONS)]
    action: i32,
    #[output(1, length = 2)]
    #[when(READS)]
    messages: Option<&'t [u8]>,
    #[arg(2)]
    length: i32,
}

const ACTIONS: &[Bit] = &[
    constant("", "SYSLOG_ACTION_CLOSE", 0),
    constant("", "SYSLOG_ACTION_OPEN", 1),
    constant("", "SYSLOG_ACTION_READ", 2),
    constant("", "SYSLOG_ACTION_READ_ALL", 3),
    constant("", "SYSLOG_ACTION_READ_CLEAR", 4),
    constant("", "SYSLOG_ACTION_CLEAR", 5),
    constant("", "SYSLOG_ACTION_CONSOLE_OFF", 6),
    constant("", "SYSLOG_ACTION_CONSOLE_ON", 7),
    constant("", "SYSLOG_ACTION_CONSOLE_LEVEL", 8),
    constant("", "SYSLOG_ACTION_SIZE_UNREAD", 9),
    constant("", "SYSLOG_ACTION_SIZE_BUFFER", 10),
];

/// Those that fill in the buffer.
const READS: Condition = arg(0).one_of(&[2, 3, 4]);

export_plugin!(Syslog);
