//! prlimit64(2): the limits of a resource for a process; and set them.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "prlimit64", simulated = "it would limit the replayer")]
struct Prlimit64 {
    #[arg(0)]
    pid: Task,
    #[code(1, bits::RESOURCE)]
    resource: u8,
    #[arg(1)]
    #[names(bits::RESOURCE)]
    resource_value: Option<i32>,
    #[before(2)]
    resource_soft_limit: Option<i64>,
    #[before(2, offset = 8)]
    resource_hard_limit: Option<i64>,
    #[after(3)]
    old_resource_soft_limit: Option<i64>,
    #[after(3, offset = 8)]
    old_resource_hard_limit: Option<i64>,
}

export_plugin!(Prlimit64);
