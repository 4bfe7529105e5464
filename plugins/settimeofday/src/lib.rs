//! settimeofday(2): set the time and the time zone.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "settimeofday",
    simulated = "the machine's clocks are left alone",
    class = "clock"
)]
struct Settimeofday {
    #[timeval(0)]
    time: Option<Tfrac>,
    #[before(1)]
    minutes_west: Option<i32>,
}

export_plugin!(Settimeofday);
