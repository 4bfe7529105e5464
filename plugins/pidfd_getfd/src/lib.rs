//! pidfd_getfd(2): make a descriptor for what another process has open.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "pidfd_getfd",
    returns = descriptor,
    simulated = "the replay has no processes to act on"
)]
struct PidfdGetfd {
    #[arg(0)]
    descriptor: Fd,
    /// One of the other process.
    #[arg(1)]
    target_descriptor: i32,
    #[arg(2)]
    #[hex]
    flags_value: Option<i32>,
}

export_plugin!(PidfdGetfd);
