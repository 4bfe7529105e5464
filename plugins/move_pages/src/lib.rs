//! move_pages(2): move single pages of a process to other nodes, or tell where they are.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "move_pages", simulated = "the replayer's memory is its own", class = "memory")]
struct MovePages {
    #[arg(0)]
    pid: Task,
    #[arg(1)]
    count: i64,
    #[arg(5)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[bit("", "MPOL_MF_MOVE", 2), bit("", "MPOL_MF_MOVE_ALL", 4)];

export_plugin!(MovePages);
