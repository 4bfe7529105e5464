//! brk(2): move the end of the process's data, or tell where it is.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "brk", returns = address, simulated = "no memory is mapped", class = "memory")]
struct Brk {
    #[arg(0)]
    #[hex]
    address: i64,
}

export_plugin!(Brk);
