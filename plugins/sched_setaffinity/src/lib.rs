//! sched_setaffinity(2): say which CPUs a thread may run on.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "sched_setaffinity", cpus, simulated = "the replayer runs where it may")]
struct SchedSetaffinity<'t> {
    #[arg(0)]
    pid: Task,
    #[arg(1)]
    length: i64,
    #[input(2, length = 1, whole)]
    cpu_mask: Option<&'t [u8]>,
}

export_plugin!(SchedSetaffinity);
