//! sched_getparam(2): the real-time priority of a thread.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "sched_getparam", simulated = "the replayer keeps its own priority")]
struct SchedGetparam {
    #[arg(0)]
    pid: Task,
    #[after(1)]
    priority: Option<i32>,
}

export_plugin!(SchedGetparam);
