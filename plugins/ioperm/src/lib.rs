//! ioperm(2): let this thread use some ports of the machine.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "ioperm", simulated = "the machine is left alone")]
struct Ioperm {
    #[arg(0)]
    #[hex]
    first_port: i64,
    #[arg(1)]
    count: i64,
    #[arg(2)]
    turn_on: i32,
}

export_plugin!(Ioperm);
