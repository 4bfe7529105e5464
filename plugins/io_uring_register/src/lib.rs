//! io_uring_register(2): let the kernel keep buffers or files that I/O through rings will use.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "io_uring_register",
    simulated = "what goes through the rings is not in the trace"
)]
struct IoUringRegister {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[names(OPERATIONS)]
    operation: i32,
    #[arg(2)]
    #[hex]
    address: i64,
    #[arg(3)]
    count: i32,
}

const OPERATIONS: &[Bit] = &[
    constant("", "IORING_REGISTER_BUFFERS", 0),
    constant("", "IORING_UNREGISTER_BUFFERS", 1),
    constant("", "IORING_REGISTER_FILES", 2),
    constant("", "IORING_UNREGISTER_FILES", 3),
    constant("", "IORING_REGISTER_EVENTFD", 4),
    constant("", "IORING_UNREGISTER_EVENTFD", 5),
    constant("", "IORING_REGISTER_FILES_UPDATE", 6),
    constant("", "IORING_REGISTER_PROBE", 8),
    constant("", "IORING_REGISTER_PERSONALITY", 9),
    constant("", "IORING_REGISTER_RESTRICTIONS", 11),
    constant("", "IORING_REGISTER_ENABLE_RINGS", 12),
];

export_plugin!(IoUringRegister);
