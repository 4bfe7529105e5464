//! pidfd_open(2): make a descriptor for a process.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "pidfd_open",
    returns = descriptor,
    simulated = "the replay has no processes to act on"
)]
struct PidfdOpen {
    #[arg(0)]
    pid: Task,
    #[arg(1)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "PIDFD_NONBLOCK", libc::PIDFD_NONBLOCK as i64),
    bit("", "PIDFD_THREAD", libc::O_EXCL as i64),
];

export_plugin!(PidfdOpen);
