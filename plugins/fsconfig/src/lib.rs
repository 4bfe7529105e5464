//! fsconfig(2): set something of a file system that is being made.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "fsconfig", simulated = "the machine's mounts are left alone")]
struct Fsconfig<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[names(COMMANDS)]
    command: i32,
    #[string(2)]
    setting: Option<&'t [u8]>,
    #[string(3)]
    #[when(arg(1).is(1))]
    setting_value: Option<&'t [u8]>,
    #[arg(4)]
    auxiliary: i32,
}

const COMMANDS: &[Bit] = &[
    constant("", "FSCONFIG_SET_FLAG", 0),
    constant("", "FSCONFIG_SET_STRING", 1),
    constant("", "FSCONFIG_SET_BINARY", 2),
    constant("", "FSCONFIG_SET_PATH", 3),
    constant("", "FSCONFIG_SET_PATH_EMPTY", 4),
    constant("", "FSCONFIG_SET_FD", 5),
    constant("", "FSCONFIG_CMD_CREATE", 6),
    constant("", "FSCONFIG_CMD_RECONFIGURE", 7),
    constant("", "FSCONFIG_CMD_CREATE_EXCL", 8),
];

export_plugin!(Fsconfig);
