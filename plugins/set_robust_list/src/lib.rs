//! set_robust_list(2): have locks given up that this thread still holds when it ends.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "set_robust_list", simulated = "the replayer's threads end in their own way")]
struct SetRobustList {
    #[arg(0)]
    #[hex]
    address: i64,
    #[arg(1)]
    length: i64,
}

export_plugin!(SetRobustList);
