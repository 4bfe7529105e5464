//! gettid(2): the id of this thread.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "gettid", simulated = "the replayer has an id of its own")]
struct Gettid;

export_plugin!(Gettid);
