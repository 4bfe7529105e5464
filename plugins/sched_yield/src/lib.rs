//! sched_yield(2): let another thread run.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "sched_yield", simulated = "the replay has an order of its own")]
struct SchedYield;

export_plugin!(SchedYield);
