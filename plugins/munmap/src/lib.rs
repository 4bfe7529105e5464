//! munmap(2): remove mappings from the process.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "munmap", unmaps, simulated = "no memory is mapped", class = "memory")]
struct Munmap {
    #[arg(0)]
    #[hex]
    start_address: i64,
    #[arg(1)]
    length: i64,
}

export_plugin!(Munmap);
