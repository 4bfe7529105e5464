//! sched_getattr(2): a thread's policy, priority and deadline.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "sched_getattr", looks, simulated = "the replayer keeps its own priority")]
struct SchedGetattr {
    #[arg(0)]
    pid: Task,
    #[after(1, offset = 4)]
    #[names(bits::SCHED_POLICY)]
    policy: Option<i32>,
    #[after(1, offset = 8)]
    #[hex]
    flags_value: Option<i64>,
    #[after(1, offset = 16)]
    nice: Option<i32>,
    #[after(1, offset = 20)]
    priority: Option<i32>,
    #[arg(2)]
    length: i32,
    #[arg(3)]
    #[hex]
    call_flags: i32,
}

export_plugin!(SchedGetattr);
