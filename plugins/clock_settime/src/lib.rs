//! clock_settime(2): set a clock.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "clock_settime",
    simulated = "the machine's clocks are left alone",
    class = "clock"
)]
struct ClockSettime {
    #[arg(0)]
    #[names(bits::CLOCK)]
    clock: i32,
    #[timespec(1)]
    time: Option<Tfrac>,
}

export_plugin!(ClockSettime);
