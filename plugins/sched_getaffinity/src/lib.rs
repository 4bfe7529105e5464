//! sched_getaffinity(2): the CPUs that a thread may run on.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "sched_getaffinity", cpus, simulated = "the replayer runs where it may")]
struct SchedGetaffinity<'t> {
    #[arg(0)]
    pid: Task,
    #[arg(1)]
    length: i64,
    #[output(2, length = 1)]
    cpu_mask: Option<&'t [u8]>,
}

export_plugin!(SchedGetaffinity);
