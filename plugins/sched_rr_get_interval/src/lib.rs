//! sched_rr_get_interval(2): how long a thread runs before others of its priority do.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "sched_rr_get_interval",
    looks,
    simulated = "the replayer keeps its own priority"
)]
struct SchedRrGetInterval {
    #[arg(0)]
    pid: Task,
    #[timespec(1, after)]
    interval: Option<Tfrac>,
}

export_plugin!(SchedRrGetInterval);
