//! madvise(2): tell the kernel how mapped memory will be used.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "madvise", simulated = "no memory is mapped", class = "memory")]
struct Madvise {
    #[arg(0)]
    #[hex]
    start_address: i64,
    #[arg(1)]
    length: i64,
    #[arg(2)]
    #[names(ADVICE)]
    advice: i32,
}

const ADVICE: &[Bit] = &[
    constant("", "MADV_NORMAL", libc::MADV_NORMAL as i64),
    constant("", "MADV_RANDOM", libc::MADV_RANDOM as i64),
    constant("", "MADV_SEQUENTIAL", libc::MADV_SEQUENTIAL as i64),
    constant("", "MADV_WILLNEED", libc::MADV_WILLNEED as i64),
    constant("", "MADV_DONTNEED", libc::MADV_DONTNEED as i64),
    constant("", "MADV_FREE", libc::MADV_FREE as i64),
    constant("", "MADV_REMOVE", libc::MADV_REMOVE as i64),
    constant("", "MADV_DONTFORK", libc::MADV_DONTFORK as i64),
    constant("", "MADV_DOFORK", libc::MADV_DOFORK as i64),
    constant("", "MADV_MERGEABLE", libc::MADV_MERGEABLE as i64),
    constant("", "MADV_UNMERGEABLE", libc::MADV_UNMERGEABLE as i64),
    constant("", "MADV_HUGEPAGE", libc::MADV_HUGEPAGE as i64),
    constant("", "MADV_NOHUGEPAGE", libc::MADV_NOHUGEPAGE as i64),
    constant("", "MADV_DONTDUMP", libc::MADV_DONTDUMP as i64),
    constant("", "MADV_DODUMP", libc::MADV_DODUMP as i64),
    constant("", "MADV_WIPEONFORK", libc::MADV_WIPEONFORK as i64),
    constant("", "MADV_KEEPONFORK", libc::MADV_KEEPONFORK as i64),
    constant("", "MADV_COLD", libc::MADV_COLD as i64),
    constant("", "MADV_PAGEOUT", libc::MADV_PAGEOUT as i64),
    constant("", "MADV_POPULATE_READ", libc::MADV_POPULATE_READ as i64),
    constant("", "MADV_POPULATE_WRITE", libc::MADV_POPULATE_WRITE as i64),
];

export_plugin!(Madvise);
