//! io_uring_enter(2): start I/O that was requested through rings, and wait until some is done.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "io_uring_enter",
    hides = "requests",
    simulated = "what goes through the rings is not in the trace"
)]
struct IoUringEnter {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    submission_count: i32,
    #[arg(2)]
    least_completion_count: i32,
    #[arg(3)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "IORING_ENTER_GETEVENTS", 1),
    bit("", "IORING_ENTER_SQ_WAKEUP", 2),
    bit("", "IORING_ENTER_SQ_WAIT", 4),
    bit("", "IORING_ENTER_EXT_ARG", 8),
    bit("", "IORING_ENTER_REGISTERED_RING", 16),
];

export_plugin!(IoUringEnter);
