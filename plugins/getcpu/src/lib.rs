//! getcpu(2): the CPU that this thread runs on.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "getcpu", simulated = "the replayer runs where it may")]
struct Getcpu {
    #[after(0)]
    cpu: Option<i32>,
    #[after(1)]
    node: Option<i32>,
}

export_plugin!(Getcpu);
