//! cachestat(2): how much of a file is in the page cache.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "cachestat", looks, simulated = "the page cache has other pages now")]
struct Cachestat {
    #[arg(0)]
    descriptor: Fd,
    #[before(1)]
    offset: Option<i64>,
    #[before(1, offset = 8)]
    length: Option<i64>,
    #[after(2)]
    cached_pages: Option<i64>,
    #[after(2, offset = 8)]
    dirty_pages: Option<i64>,
    #[after(2, offset = 16)]
    writeback_pages: Option<i64>,
    #[arg(3)]
    #[hex]
    flags_value: Option<i32>,
}

export_plugin!(Cachestat);
