//! pidfd_send_signal(2): send a signal to the process that a descriptor stands for.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "pidfd_send_signal",
    simulated = "the replay has no processes to act on",
    classes("process", "signal")
)]
struct PidfdSendSignal {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[names(bits::SIGNAL)]
    signal: i32,
    #[arg(3)]
    #[hex]
    flags_value: Option<i32>,
}

export_plugin!(PidfdSendSignal);
