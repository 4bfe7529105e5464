//! mmap(2): map a file, or memory of no file, into the process.

use sdk::abi::Bit;
use sdk::declare::{bit, value_of};
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "mmap",
    returns = address,
    maps_when = arg(3).any(libc::MAP_SHARED),
    loads,
    simulated = "no memory is mapped",
    class = "memory"
)]
struct Mmap {
    #[arg(0)]
    #[hex]
    start_address: i64,
    #[arg(1)]
    length: i64,
    #[arg(2)]
    #[bits(bits::PROTECTION)]
    protection_value: Option<i32>,
    #[arg(3)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
    #[arg(4)]
    descriptor: Fd,
    #[arg(5)]
    offset: i64,
}

/// The bits that hold the kind of mapping.
const MAP_TYPE: i64 = libc::MAP_TYPE as i64;

const FLAGS: &[Bit] = &[
    value_of("", "MAP_SHARED_VALIDATE", MAP_TYPE, libc::MAP_SHARED_VALIDATE as i64),
    value_of("flag_private", "MAP_PRIVATE", MAP_TYPE, libc::MAP_PRIVATE as i64),
    bit("flag_shared", "MAP_SHARED", libc::MAP_SHARED as i64),
    // The kernel knows it on x86 alone; elsewhere the bit means nothing.
    bit("flag_32bit", "MAP_32BIT", 0x40),
    bit("flag_anonymous", "MAP_ANONYMOUS", libc::MAP_ANONYMOUS as i64),
    bit("flag_denywrite", "MAP_DENYWRITE", libc::MAP_DENYWRITE as i64),
    bit("flag_executable", "MAP_EXECUTABLE", libc::MAP_EXECUTABLE as i64),
    // MAP_FILE is 0: a mapping is of a file if it isn't of none.
    value_of("flag_file", "", libc::MAP_ANONYMOUS as i64, 0),
    bit("flag_fixed", "MAP_FIXED", libc::MAP_FIXED as i64),
    bit("", "MAP_FIXED_NOREPLACE", libc::MAP_FIXED_NOREPLACE as i64),
    bit("flag_grows_down", "MAP_GROWSDOWN", libc::MAP_GROWSDOWN as i64),
    bit("flag_huge_tlb", "MAP_HUGETLB", libc::MAP_HUGETLB as i64),
    bit("flag_locked", "MAP_LOCKED", libc::MAP_LOCKED as i64),
    bit("flag_no_reserve", "MAP_NORESERVE", libc::MAP_NORESERVE as i64),
    bit("flag_non_block", "MAP_NONBLOCK", libc::MAP_NONBLOCK as i64),
    bit("flag_populate", "MAP_POPULATE", libc::MAP_POPULATE as i64),
    bit("flag_stack", "MAP_STACK", libc::MAP_STACK as i64),
    bit("", "MAP_SYNC", libc::MAP_SYNC as i64),
];

export_plugin!(Mmap);
