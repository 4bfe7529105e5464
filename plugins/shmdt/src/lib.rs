//! shmdt(2): unmap a segment of shared memory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "shmdt", simulated = "no memory is mapped", class = "ipc")]
struct Shmdt {
    #[arg(0)]
    #[hex]
    start_address: i64,
}

export_plugin!(Shmdt);
