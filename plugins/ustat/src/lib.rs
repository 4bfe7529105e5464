//! ustat(2): how full a file system is, by its device; statfs(2) tells more.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "ustat", looks, simulated = "the machine's devices have other numbers")]
struct Ustat {
    #[arg(0)]
    #[hex]
    device: i32,
    #[after(1)]
    free_blocks: Option<i32>,
    #[after(1, offset = 8)]
    free_inodes: Option<i64>,
}

export_plugin!(Ustat);
