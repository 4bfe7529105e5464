//! getpgrp(2): the process group of this process.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "getpgrp", simulated = "the replayer is in a process group of its own")]
struct Getpgrp;

export_plugin!(Getpgrp);
