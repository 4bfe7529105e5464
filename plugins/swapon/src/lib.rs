//! swapon(2): have memory paged out to a file or device.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "swapon", simulated = "the machine's memory is left alone")]
struct Swapon<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[arg(1)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "SWAP_FLAG_PREFER", 0x8000),
    bit("", "SWAP_FLAG_DISCARD", 0x10000),
    bit("", "SWAP_FLAG_DISCARD_ONCE", 0x20000),
    bit("", "SWAP_FLAG_DISCARD_PAGES", 0x40000),
];

export_plugin!(Swapon);
