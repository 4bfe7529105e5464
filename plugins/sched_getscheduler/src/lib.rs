//! sched_getscheduler(2): the policy by which a thread gets its turn.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "sched_getscheduler", simulated = "the replayer keeps its own priority")]
struct SchedGetscheduler {
    #[arg(0)]
    pid: Task,
}

export_plugin!(SchedGetscheduler);
