//! get_robust_list(2): where a thread keeps its locks that others take over if it dies.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "get_robust_list",
    looks,
    simulated = "the replayer's threads end in their own way"
)]
struct GetRobustList {
    #[arg(0)]
    pid: Task,
    #[after(1)]
    #[hex]
    list_address: Option<i64>,
    #[after(2)]
    length: Option<i64>,
}

export_plugin!(GetRobustList);
