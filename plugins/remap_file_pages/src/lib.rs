//! remap_file_pages(2): map pages of a file in another order.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "remap_file_pages", simulated = "no memory is mapped", class = "memory")]
struct RemapFilePages {
    #[arg(0)]
    #[hex]
    start_address: i64,
    #[arg(1)]
    length: i64,
    #[arg(3)]
    page_offset: i64,
    #[arg(4)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[bit("", "MAP_NONBLOCK", libc::MAP_NONBLOCK as i64)];

export_plugin!(RemapFilePages);
