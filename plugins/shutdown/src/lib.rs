//! shutdown(2): end one or both directions of a connection.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "shutdown", changes = descriptors, class = "network")]
struct Shutdown {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[names(HOW)]
    how: i32,
}

const HOW: &[Bit] = &[
    constant("", "SHUT_RD", libc::SHUT_RD as i64),
    constant("", "SHUT_WR", libc::SHUT_WR as i64),
    constant("", "SHUT_RDWR", libc::SHUT_RDWR as i64),
];

export_plugin!(Shutdown);
