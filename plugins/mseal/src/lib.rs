//! mseal(2): keep a mapping from ever being changed.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "mseal", simulated = "no memory is mapped", class = "memory")]
struct Mseal {
    #[arg(0)]
    #[hex]
    start_address: i64,
    #[arg(1)]
    length: i64,
    #[arg(2)]
    #[hex]
    flags_value: Option<i64>,
}

export_plugin!(Mseal);
