//! get_mempolicy(2): from which nodes memory is taken.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "get_mempolicy",
    looks,
    simulated = "the replayer's memory is its own",
    class = "memory"
)]
struct GetMempolicy {
    #[after(0)]
    policy: Option<i32>,
    #[arg(2)]
    node_limit: i64,
    #[arg(3)]
    #[hex]
    address: i64,
    #[arg(4)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] =
    &[bit("", "MPOL_F_NODE", 1), bit("", "MPOL_F_ADDR", 2), bit("", "MPOL_F_MEMS_ALLOWED", 4)];

export_plugin!(GetMempolicy);
