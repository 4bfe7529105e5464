//! time(2): the time in whole seconds.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "time", simulated = "it is later now", class = "clock")]
struct Time;

export_plugin!(Time);
