//! timer_delete(2): do without a timer.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "timer_delete",
    simulated = "its signal would be the replayer's",
    class = "clock"
)]
struct TimerDelete {
    #[arg(0)]
    timer: i32,
}

export_plugin!(TimerDelete);
