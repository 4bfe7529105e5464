//! timer_getoverrun(2): how often a timer told of its time beyond the last time that was heard.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "timer_getoverrun",
    looks,
    simulated = "its signal would be the replayer's",
    class = "clock"
)]
struct TimerGetoverrun {
    #[arg(0)]
    timer: i32,
}

export_plugin!(TimerGetoverrun);
