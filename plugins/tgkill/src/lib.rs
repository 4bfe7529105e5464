//! tgkill(2): send a signal to a thread of a process.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "tgkill",
    simulated = "its signal would reach no process of the replay",
    classes("process", "signal")
)]
struct Tgkill {
    #[arg(0)]
    pid: Task,
    #[arg(1)]
    tid: Task,
    #[arg(2)]
    #[names(bits::SIGNAL)]
    signal: i32,
}

export_plugin!(Tgkill);
