//! sigaltstack(2): give this thread's signal handlers a stack of their own.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "sigaltstack",
    simulated = "the replayer handles its own signals",
    class = "signal"
)]
struct Sigaltstack {
    #[before(0)]
    #[hex]
    start_address: Option<i64>,
    #[before(0, offset = 8)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
    #[before(0, offset = 16)]
    length: Option<i64>,
}

const FLAGS: &[Bit] = &[
    bit("", "SS_ONSTACK", libc::SS_ONSTACK as i64),
    bit("", "SS_DISABLE", libc::SS_DISABLE as i64),
    bit("", "SS_AUTODISARM", 1 << 31),
];

export_plugin!(Sigaltstack);
