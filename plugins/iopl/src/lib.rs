//! iopl(2): let this thread use all ports of the machine.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "iopl", simulated = "the machine is left alone")]
struct Iopl {
    #[arg(0)]
    level: i32,
}

export_plugin!(Iopl);
