//! munlockall(2): let all memory of this process be paged out.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "munlockall", simulated = "the replayer's memory is its own", class = "memory")]
struct Munlockall {}

export_plugin!(Munlockall);
