//! timerfd_settime(2): say which time a descriptor tells of.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "timerfd_settime", simulated = "nothing is waited for")]
struct TimerfdSettime {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
    #[timespec(2)]
    interval: Option<Tfrac>,
    #[timespec(2, offset = 16)]
    value: Option<Tfrac>,
}

const FLAGS: &[Bit] = &[
    bit("", "TFD_TIMER_ABSTIME", libc::TFD_TIMER_ABSTIME as i64),
    bit("", "TFD_TIMER_CANCEL_ON_SET", libc::TFD_TIMER_CANCEL_ON_SET as i64),
];

export_plugin!(TimerfdSettime);
