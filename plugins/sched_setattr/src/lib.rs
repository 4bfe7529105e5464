//! sched_setattr(2): set a thread's policy, priority and deadline.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "sched_setattr", simulated = "the replayer keeps its own priority")]
struct SchedSetattr {
    #[arg(0)]
    pid: Task,
    #[before(1, offset = 4)]
    #[names(bits::SCHED_POLICY)]
    policy: Option<i32>,
    #[before(1, offset = 8)]
    #[hex]
    flags_value: Option<i64>,
    #[before(1, offset = 16)]
    nice: Option<i32>,
    #[before(1, offset = 20)]
    priority: Option<i32>,
    #[arg(2)]
    #[hex]
    call_flags: i32,
}

export_plugin!(SchedSetattr);
