//! set_mempolicy(2): say from which nodes this thread's memory is taken.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

/// Of the nodes, the first 64.
#[derive(Record, Replay)]
#[record(
    syscall = "set_mempolicy",
    simulated = "the replayer's memory is its own",
    class = "memory"
)]
struct SetMempolicy {
    #[arg(0)]
    #[names(POLICIES)]
    policy: i32,
    #[before(1)]
    #[hex]
    node_mask: Option<i64>,
    #[arg(2)]
    node_limit: i64,
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

export_plugin!(SetMempolicy);
