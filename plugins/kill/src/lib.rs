//! kill(2): send a signal to a process, or to several.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "kill",
    simulated = "its signal would reach no process of the replay",
    classes("process", "signal")
)]
struct Kill {
    #[arg(0)]
    pid: Task,
    #[arg(1)]
    #[names(bits::SIGNAL)]
    signal: i32,
}

export_plugin!(Kill);
