//! sysinfo(2): how long the machine has been up, and how much memory it has.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "sysinfo", simulated = "the machine may be another")]
struct Sysinfo {
    #[after(0)]
    uptime: Option<i64>,
    #[after(0, offset = 32)]
    total_memory: Option<i64>,
    #[after(0, offset = 40)]
    free_memory: Option<i64>,
    /// Bytes in a unit of memory.
    #[after(0, offset = 104)]
    memory_unit: Option<i32>,
}

export_plugin!(Sysinfo);
