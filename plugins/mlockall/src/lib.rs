//! mlockall(2): keep all memory of this process from being paged out.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "mlockall", simulated = "the replayer's memory is its own", class = "memory")]
struct Mlockall {
    #[arg(0)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "MCL_CURRENT", libc::MCL_CURRENT as i64),
    bit("", "MCL_FUTURE", libc::MCL_FUTURE as i64),
    bit("", "MCL_ONFAULT", libc::MCL_ONFAULT as i64),
];

export_plugin!(Mlockall);
