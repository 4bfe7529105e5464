//! timerfd_create(2): make a descriptor that tells when a time has come.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "timerfd_create", returns = descriptor, simulated = "nothing is waited for")]
struct TimerfdCreate {
    #[arg(0)]
    #[names(bits::CLOCK)]
    clock: i32,
    #[arg(1)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "TFD_CLOEXEC", libc::TFD_CLOEXEC as i64),
    bit("", "TFD_NONBLOCK", libc::TFD_NONBLOCK as i64),
];

export_plugin!(TimerfdCreate);
