//! mincore(2): which pages of a mapping are in memory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "mincore", simulated = "no memory is mapped", class = "memory")]
struct Mincore {
    #[arg(0)]
    #[hex]
    start_address: i64,
    #[arg(1)]
    length: i64,
}

export_plugin!(Mincore);
