//! mbind(2): say from which nodes mapped memory is taken.

use sdk::abi::Bit;
use sdk::declare::{bit, constant};
use sdk::prelude::*;

/// Of the nodes, the first 64.
#[derive(Record, Replay)]
#[record(syscall = "mbind", simulated = "no memory is mapped", class = "memory")]
struct Mbind {
    #[arg(0)]
    #[hex]
    start_address: i64,
    #[arg(1)]
    length: i64,
    #[arg(2)]
    #[names(POLICIES)]
    policy: i32,
    #[before(3)]
    #[hex]
    node_mask: Option<i64>,
    #[arg(4)]
    node_limit: i64,
    #[arg(5)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const POLICIES: &[Bit] = &[
    constant("", "MPOL_DEFAULT", 0),
    constant("", "MPOL_PREFERRED", 1),
    constant("", "MPOL_BIND", 2),
    constant("", "MPOL_INTERLEAVE", 3),
    constant("", "MPOL_LOCAL", 4),
    constant("", "MPOL_PREFERRED_MANY", 5),
    constant("", "MPOL_WEIGHTED_INTERLEAVE", 6),
];

const FLAGS: &[Bit] =
    &[bit("", "MPOL_MF_STRICT", 1), bit("", "MPOL_MF_MOVE", 2), bit("", "MPOL_MF_MOVE_ALL", 4)];

export_plugin!(Mbind);
