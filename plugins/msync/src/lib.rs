//! msync(2): write what was changed in a mapping to its file.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "msync", syncs, simulated = "no memory is mapped", class = "memory")]
struct Msync {
    #[arg(0)]
    #[hex]
    start_address: i64,
    #[arg(1)]
    length: i64,
    #[arg(2)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "MS_ASYNC", libc::MS_ASYNC as i64),
    bit("", "MS_INVALIDATE", libc::MS_INVALIDATE as i64),
    bit("", "MS_SYNC", libc::MS_SYNC as i64),
];

export_plugin!(Msync);
