//! sched_setparam(2): set a thread's real-time priority.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "sched_setparam", simulated = "the replayer keeps its own priority")]
struct SchedSetparam {
    #[arg(0)]
    pid: Task,
    #[before(1, width = 4)]
    priority: Option<i32>,
}

export_plugin!(SchedSetparam);
