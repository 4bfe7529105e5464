//! clock_nanosleep(2): sleep for a time, or until one, by one of several clocks.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "clock_nanosleep",
    simulated = "the replay has a pace of its own",
    class = "clock"
)]
struct ClockNanosleep {
    #[arg(0)]
    #[names(bits::CLOCK)]
    clock: i32,
    #[arg(1)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
    #[timespec(2)]
    requested_time: Option<Tfrac>,
}

const FLAGS: &[Bit] = &[bit("", "TIMER_ABSTIME", libc::TIMER_ABSTIME as i64)];

export_plugin!(ClockNanosleep);
