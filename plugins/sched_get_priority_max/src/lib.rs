//! sched_get_priority_max(2): the highest real-time priority of a policy.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "sched_get_priority_max",
    looks,
    simulated = "the replayer keeps its own priority"
)]
struct SchedGetPriorityMax {
    #[arg(0)]
    #[names(bits::SCHED_POLICY)]
    policy: i32,
}

export_plugin!(SchedGetPriorityMax);
