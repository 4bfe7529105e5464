//! landlock_create_ruleset(2): make a set of rules by which a process can restrict itself.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "landlock_create_ruleset",
    returns = descriptor,
    returns_when = arg(2).is(0),
    simulated = "nothing is restricted"
)]
struct LandlockCreateRuleset {
    #[before(0)]
    #[hex]
    handled_access: Option<i64>,
    #[arg(1)]
    attributes_size: i64,
    #[arg(2)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

/// With either the call returns a number.
const FLAGS: &[Bit] =
    &[bit("", "LANDLOCK_CREATE_RULESET_VERSION", 1), bit("", "LANDLOCK_CREATE_RULESET_ERRATA", 2)];

export_plugin!(LandlockCreateRuleset);
