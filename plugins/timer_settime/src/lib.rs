//! timer_settime(2): start a timer, or stop it.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "timer_settime",
    simulated = "its signal would be the replayer's",
    class = "clock"
)]
struct TimerSettime {
    #[arg(0)]
    timer: i32,
    #[arg(1)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
    #[timespec(2)]
    interval: Option<Tfrac>,
    #[timespec(2, offset = 16)]
    value: Option<Tfrac>,
}

const FLAGS: &[Bit] = &[bit("", "TIMER_ABSTIME", libc::TIMER_ABSTIME as i64)];

export_plugin!(TimerSettime);
