//! semtimedop(2): as semop(2), for so long and no longer.

use sdk::declare::{Size, items_passed};
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "semtimedop",
    blocks,
    simulated = "the machine's shared memory, queues and semaphores are left alone",
    class = "ipc"
)]
struct Semtimedop<'t> {
    #[arg(0)]
    set: i32,
    /// The operations: of each, number of the semaphore, what is added, and flags, 2 bytes each.
    #[sized(1, arg(2), &OPERATIONS)]
    operations: Option<&'t [u8]>,
    #[arg(2)]
    count: i64,
    #[timespec(3)]
    timeout: Option<Tfrac>,
}

const OPERATIONS: [Size; 16] = items_passed(size_of::<libc::sembuf>() as u32);

export_plugin!(Semtimedop);
