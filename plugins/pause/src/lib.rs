//! pause(2): wait for a signal.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "pause", simulated = "no signal would come", class = "signal")]
struct Pause;

export_plugin!(Pause);
