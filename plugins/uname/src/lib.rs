//! uname(2): the names of this system, its release and its machine.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "uname", simulated = "the machine may be another")]
struct Uname;

export_plugin!(Uname);
