//! rt_sigqueueinfo(2): send a signal with a value to a process.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "rt_sigqueueinfo",
    simulated = "its signal would reach no process of the replay",
    class = "signal"
)]
struct RtSigqueueinfo {
    #[arg(0)]
    pid: Task,
    #[arg(1)]
    #[names(bits::SIGNAL)]
    signal: i32,
    #[before(2, offset = 8, width = 4)]
    code: Option<i32>,
    #[before(2, offset = 24)]
    #[hex]
    value: Option<i64>,
}

export_plugin!(RtSigqueueinfo);
