//! rt_tgsigqueueinfo(2): send a signal with a value to a thread.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "rt_tgsigqueueinfo",
    simulated = "its signal would reach no process of the replay",
    class = "signal"
)]
struct RtTgsigqueueinfo {
    #[arg(0)]
    process: Task,
    #[arg(1)]
    pid: Task,
    #[arg(2)]
    #[names(bits::SIGNAL)]
    signal: i32,
    #[before(3, offset = 8, width = 4)]
    code: Option<i32>,
    #[before(3, offset = 24)]
    #[hex]
    value: Option<i64>,
}

export_plugin!(RtTgsigqueueinfo);
