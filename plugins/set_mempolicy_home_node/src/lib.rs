//! set_mempolicy_home_node(2): say which node mapped memory is taken from first.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "set_mempolicy_home_node", simulated = "no memory is mapped", class = "memory")]
struct SetMempolicyHomeNode {
    #[arg(0)]
    #[hex]
    start_address: i64,
    #[arg(1)]
    length: i64,
    #[arg(2)]
    node: i64,
    #[arg(3)]
    #[hex]
    flags_value: Option<i32>,
}

export_plugin!(SetMempolicyHomeNode);
