//! wait4(2): wait for a child to end, stop or go on.

use sdk::abi::Condition;
use sdk::declare::ret;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "wait4",
    blocks,
    simulated = "the replay has no processes to wait for",
    class = "process"
)]
struct Wait4 {
    #[arg(0)]
    pid: Task,
    #[after(1)]
    #[when(SOMETHING_CHANGED)]
    wait_status: Option<i32>,
    #[arg(2)]
    #[bits(bits::WAIT)]
    options_value: Option<i32>,
}

/// With `WNOHANG` the call may return 0, and then has no status to tell.
const SOMETHING_CHANGED: Condition = ret().is_not(u32::MAX, 0);

export_plugin!(Wait4);
