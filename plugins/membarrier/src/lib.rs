//! membarrier(2): have other threads see memory as this one left it.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "membarrier", simulated = "no memory of the program is there")]
struct Membarrier {
    #[arg(0)]
    #[names(COMMANDS)]
    command_value: Option<i32>,
    #[arg(1)]
    #[hex]
    flags_value: Option<i32>,
    #[arg(2)]
    cpu: i32,
}

const COMMANDS: &[Bit] = &[
    constant("", "MEMBARRIER_CMD_QUERY", libc::MEMBARRIER_CMD_QUERY as i64),
    constant("", "MEMBARRIER_CMD_GLOBAL", libc::MEMBARRIER_CMD_GLOBAL as i64),
    constant("", "MEMBARRIER_CMD_PRIVATE_EXPEDITED", libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED as i64),
    constant(
        "",
        "MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED",
        libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED as i64,
    ),
];

export_plugin!(Membarrier);
