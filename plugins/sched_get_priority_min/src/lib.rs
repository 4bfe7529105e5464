//! sched_get_priority_min(2): the lowest real-time priority of a policy.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "sched_get_priority_min",
    looks,
    simulated = "the replayer keeps its own priority"
)]
struct SchedGetPriorityMin {
    #[arg(0)]
    #[names(bits::SCHED_POLICY)]
    policy: i32,
}

export_plugin!(SchedGetPriorityMin);
