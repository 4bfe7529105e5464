//! clock_getres(2): how fine a clock is.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "clock_getres", simulated = "the machine may be another", class = "clock")]
struct ClockGetres {
    #[arg(0)]
    #[names(bits::CLOCK)]
    clock: i32,
    #[timespec(1, after)]
    resolution: Option<Tfrac>,
}

export_plugin!(ClockGetres);
