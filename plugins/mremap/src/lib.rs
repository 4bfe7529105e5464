//! mremap(2): make a mapping longer or shorter, and maybe move it.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "mremap",
    returns = address,
    unmaps,
    simulated = "no memory is mapped",
    class = "memory"
)]
struct Mremap {
    #[arg(0)]
    #[hex]
    start_address: i64,
    #[arg(1)]
    length: i64,
    #[arg(2)]
    new_length: i64,
    #[arg(3)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
    #[arg(4)]
    #[when(arg(3).any(libc::MREMAP_FIXED))]
    #[hex]
    new_address: Option<i64>,
}

const FLAGS: &[Bit] = &[
    bit("", "MREMAP_MAYMOVE", libc::MREMAP_MAYMOVE as i64),
    bit("", "MREMAP_FIXED", libc::MREMAP_FIXED as i64),
    bit("", "MREMAP_DONTUNMAP", libc::MREMAP_DONTUNMAP as i64),
];

export_plugin!(Mremap);
