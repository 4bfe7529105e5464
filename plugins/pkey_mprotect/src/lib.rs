//! pkey_mprotect(2): change what may be done with mapped memory, and by which key it is protected.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "pkey_mprotect", simulated = "no memory is mapped", class = "memory")]
struct PkeyMprotect {
    #[arg(0)]
    #[hex]
    start_address: i64,
    #[arg(1)]
    length: i64,
    #[arg(2)]
    #[bits(bits::PROTECTION)]
    protection_value: Option<i32>,
    #[arg(3)]
    key: i32,
}

export_plugin!(PkeyMprotect);
