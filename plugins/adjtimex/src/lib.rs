//! adjtimex(2): have the clock go faster or slower, or tell how it goes.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "adjtimex",
    returns = status,
    simulated = "the machine's clocks are left alone",
    class = "clock"
)]
struct Adjtimex {
    #[before(0)]
    #[bits(MODES)]
    modes_value: Option<i32>,
    #[before(0, offset = 8)]
    offset: Option<i64>,
    #[before(0, offset = 16)]
    frequency: Option<i64>,
}

const MODES: &[Bit] = &[
    bit("", "ADJ_OFFSET", 1),
    bit("", "ADJ_FREQUENCY", 2),
    bit("", "ADJ_MAXERROR", 4),
    bit("", "ADJ_ESTERROR", 8),
    bit("", "ADJ_STATUS", 0x10),
    bit("", "ADJ_TIMECONST", 0x20),
    bit("", "ADJ_TAI", 0x80),
    bit("", "ADJ_SETOFFSET", 0x100),
    bit("", "ADJ_MICRO", 0x1000),
    bit("", "ADJ_NANO", 0x2000),
    bit("", "ADJ_TICK", 0x4000),
];

export_plugin!(Adjtimex);
