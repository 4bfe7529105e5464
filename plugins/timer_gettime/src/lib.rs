//! timer_gettime(2): how long a timer has to go.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "timer_gettime",
    looks,
    simulated = "its signal would be the replayer's",
    class = "clock"
)]
struct TimerGettime {
    #[arg(0)]
    timer: i32,
    #[timespec(1, after)]
    interval: Option<Tfrac>,
    #[timespec(1, offset = 16, after)]
    value: Option<Tfrac>,
}

export_plugin!(TimerGettime);
