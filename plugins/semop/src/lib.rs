//! semop(2): add to semaphores of a set, or wait until that is possible.

use sdk::declare::{Size, items_passed};
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "semop",
    blocks,
    simulated = "the machine's shared memory, queues and semaphores are left alone",
    class = "ipc"
)]
struct Semop<'t> {
    #[arg(0)]
    set: i32,
    /// The operations: of each, number of the semaphore, what is added, and flags, 2 bytes each.
    #[sized(1, arg(2), &OPERATIONS)]
    operations: Option<&'t [u8]>,
    #[arg(2)]
    count: i64,
}

const OPERATIONS: [Size; 16] = items_passed(size_of::<libc::sembuf>() as u32);

export_plugin!(Semop);
