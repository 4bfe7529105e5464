//! clock_gettime(2): the time by one of several clocks, in nanoseconds.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "clock_gettime", simulated = "it is later now", class = "clock")]
struct ClockGettime {
    #[arg(0)]
    #[names(bits::CLOCK)]
    clock: i32,
    #[timespec(1, after)]
    time: Option<Tfrac>,
}

export_plugin!(ClockGettime);
