//! times(2): the time that this process and its children used, in clock ticks.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "times", simulated = "the replayer uses its own time")]
struct Times {
    #[after(0)]
    user_ticks: Option<i64>,
    #[after(0, offset = 8)]
    system_ticks: Option<i64>,
    #[after(0, offset = 16)]
    children_user_ticks: Option<i64>,
    #[after(0, offset = 24)]
    children_system_ticks: Option<i64>,
}

export_plugin!(Times);
