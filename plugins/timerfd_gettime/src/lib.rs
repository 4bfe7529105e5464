//! timerfd_gettime(2): how long it is until the time that a descriptor tells of.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "timerfd_gettime", simulated = "nothing is waited for")]
struct TimerfdGettime {
    #[arg(0)]
    descriptor: Fd,
    #[timespec(1, after)]
    interval: Option<Tfrac>,
    #[timespec(1, offset = 16, after)]
    value: Option<Tfrac>,
}

export_plugin!(TimerfdGettime);
