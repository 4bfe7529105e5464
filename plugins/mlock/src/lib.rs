//! mlock(2): keep mapped memory from being paged out.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "mlock", simulated = "no memory is mapped", class = "memory")]
struct Mlock {
    #[arg(0)]
    #[hex]
    start_address: i64,
    #[arg(1)]
    length: i64,
}

export_plugin!(Mlock);
