//! map_shadow_stack(2): map a stack of return addresses that programs can't write.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "map_shadow_stack",
    returns = address,
    simulated = "no memory is mapped",
    class = "memory"
)]
struct MapShadowStack {
    #[arg(0)]
    #[hex]
    start_address: i64,
    #[arg(1)]
    length: i64,
    #[arg(2)]
    #[hex]
    flags_value: Option<i32>,
}

export_plugin!(MapShadowStack);
