//! munlock(2): let mapped memory be paged out again.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "munlock", simulated = "no memory is mapped", class = "memory")]
struct Munlock {
    #[arg(0)]
    #[hex]
    start_address: i64,
    #[arg(1)]
    length: i64,
}

export_plugin!(Munlock);
