//! vhangup(2): hang up this process's terminal.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "vhangup", simulated = "the machine is left alone")]
struct Vhangup {}

export_plugin!(Vhangup);
