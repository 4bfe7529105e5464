//! shmget(2): find or make a segment of shared memory.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "shmget",
    returns = status,
    simulated = "the machine's shared memory, queues and semaphores are left alone",
    class = "ipc"
)]
struct Shmget {
    #[arg(0)]
    #[hex]
    key: i32,
    #[arg(1)]
    length: i64,
    #[arg(2)]
    #[bits(bits::IPC_GET)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "SHM_HUGETLB", libc::SHM_HUGETLB as i64),
    bit("", "SHM_NORESERVE", libc::SHM_NORESERVE as i64),
];

export_plugin!(Shmget);
