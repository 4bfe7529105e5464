//! timer_create(2): make a timer that tells this process of a time.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "timer_create",
    simulated = "its signal would be the replayer's",
    class = "clock"
)]
struct TimerCreate {
    #[arg(0)]
    #[names(bits::CLOCK)]
    clock: i32,
    #[before(1, offset = 12)]
    notification: Option<i32>,
    #[before(1, offset = 8)]
    signal: Option<i32>,
    #[after(2, width = 4)]
    timer: Option<i32>,
}

export_plugin!(TimerCreate);
