//! getpid(2): the id of this process.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "getpid", simulated = "the replayer has an id of its own")]
struct Getpid;

export_plugin!(Getpid);
