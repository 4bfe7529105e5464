//! mlock2(2): keep mapped memory from being paged out, once it is there.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "mlock2", simulated = "no memory is mapped", class = "memory")]
struct Mlock2 {
    #[arg(0)]
    #[hex]
    start_address: i64,
    #[arg(1)]
    length: i64,
    #[arg(2)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[bit("", "MLOCK_ONFAULT", 1)];

export_plugin!(Mlock2);
