//! lsm_get_self_attr(2): what the security modules say of this process.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "lsm_get_self_attr",
    looks,
    simulated = "the machine's security modules are left alone"
)]
struct LsmGetSelfAttr {
    #[arg(0)]
    #[names(ATTRIBUTES)]
    attribute: i32,
    #[after(2)]
    length: Option<i32>,
    #[arg(3)]
    #[hex]
    flags_value: Option<i32>,
}

const ATTRIBUTES: &[Bit] = &[
    constant("", "LSM_ATTR_CURRENT", 100),
    constant("", "LSM_ATTR_EXEC", 101),
    constant("", "LSM_ATTR_FSCREATE", 102),
    constant("", "LSM_ATTR_KEYCREATE", 103),
    constant("", "LSM_ATTR_PREV", 104),
    constant("", "LSM_ATTR_SOCKCREATE", 105),
];

export_plugin!(LsmGetSelfAttr);
