//! mprotect(2): change what may be done with mapped memory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "mprotect", simulated = "no memory is mapped", class = "memory")]
struct Mprotect {
    #[arg(0)]
    #[hex]
    start_address: i64,
    #[arg(1)]
    length: i64,
    #[arg(2)]
    #[bits(bits::PROTECTION)]
    protection_value: Option<i32>,
}

export_plugin!(Mprotect);
