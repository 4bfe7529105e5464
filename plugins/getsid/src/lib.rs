//! getsid(2): the session of a process.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "getsid", simulated = "the replayer is in a session of its own")]
struct Getsid {
    #[arg(0)]
    pid: Task,
}

export_plugin!(Getsid);
