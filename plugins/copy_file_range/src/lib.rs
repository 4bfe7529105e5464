//! copy_file_range(2)
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "copy_file_range")]
struct CopyFileRange {
    #[arg(0)]
    in_descriptor: Fd,
    #[before(1)]
    in_offset: Option<i64>,
    #[arg(2)]
    out_descriptor: Fd,
    #[before(3)]
    out_offset: Option<i64>,
    #[arg(4)]
    bytes_requested: i64,
    #[arg(5)]
    flags_value: i32,
}

export_plugin!(CopyFileRange);
