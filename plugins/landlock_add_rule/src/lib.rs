//! landlock_add_rule(2): add to a set of rules what is to be allowed.

use sdk::abi::{Bit, Condition};
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "landlock_add_rule", simulated = "nothing is restricted")]
struct LandlockAddRule {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[names(RULE_TYPES)]
    rule_type: i32,
    #[before(2)]
    #[hex]
    allowed_access: Option<i64>,
    #[before(2, offset = 8)]
    #[when(IS_ABOUT_A_PATH)]
    parent_descriptor: Option<Fd>,
    #[arg(3)]
    #[hex]
    flags_value: Option<i32>,
}

const IS_ABOUT_A_PATH: Condition = arg(1).is(PATH_BENEATH);
const PATH_BENEATH: i32 = 1;

const RULE_TYPES: &[Bit] = &[
    constant("", "LANDLOCK_RULE_PATH_BENEATH", PATH_BENEATH as i64),
    constant("", "LANDLOCK_RULE_NET_PORT", 2),
];

export_plugin!(LandlockAddRule);
