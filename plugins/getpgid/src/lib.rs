//! getpgid(2): the process group of a process.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "getpgid", simulated = "the replayer is in a process group of its own")]
struct Getpgid {
    #[arg(0)]
    pid: Task,
}

export_plugin!(Getpgid);
