//! process_vm_readv(2): read the memory of another process.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "process_vm_readv", simulated = "the replay has no processes to act on")]
struct ProcessVmReadv {
    #[arg(0)]
    pid: Task,
    #[arg(1)]
    #[hex]
    local_address: i64,
    #[arg(2)]
    local_count: i64,
    #[arg(3)]
    #[hex]
    remote_address: i64,
    #[arg(4)]
    remote_count: i64,
    #[arg(5)]
    #[hex]
    flags_value: Option<i64>,
}

export_plugin!(ProcessVmReadv);
