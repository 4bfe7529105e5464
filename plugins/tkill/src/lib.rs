//! tkill(2): send a signal to a thread, whatever process it is of by now.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "tkill",
    simulated = "its signal would reach no process of the replay",
    classes("process", "signal")
)]
struct Tkill {
    #[arg(0)]
    tid: Task,
    #[arg(1)]
    #[names(bits::SIGNAL)]
    signal: i32,
}

export_plugin!(Tkill);
