//! getppid(2): the id of the parent of this process.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "getppid", simulated = "the replayer has an id of its own")]
struct Getppid;

export_plugin!(Getppid);
