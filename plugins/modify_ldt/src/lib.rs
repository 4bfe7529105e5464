//! modify_ldt(2): set or tell the segments of this process's memory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "modify_ldt", simulated = "the replayer's memory is its own")]
struct ModifyLdt {
    #[arg(0)]
    function: i32,
    #[arg(1)]
    #[hex]
    address: i64,
    #[arg(2)]
    length: i64,
}

export_plugin!(ModifyLdt);
