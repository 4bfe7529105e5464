//! shmat(2): map a segment of shared memory.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "shmat", returns = address, simulated = "no memory is mapped", class = "ipc")]
struct Shmat {
    #[arg(0)]
    segment: i32,
    #[arg(1)]
    #[hex]
    start_address: i64,
    #[arg(2)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "SHM_RDONLY", libc::SHM_RDONLY as i64),
    bit("", "SHM_RND", libc::SHM_RND as i64),
    bit("", "SHM_REMAP", libc::SHM_REMAP as i64),
    bit("", "SHM_EXEC", libc::SHM_EXEC as i64),
];

export_plugin!(Shmat);
