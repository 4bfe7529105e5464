//! kexec_load(2): load another kernel, from memory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "kexec_load", simulated = "the machine is left alone")]
struct KexecLoad {
    #[arg(0)]
    #[hex]
    entry_address: i64,
    #[arg(1)]
    count: i64,
    #[arg(3)]
    #[hex]
    flags_value: Option<i64>,
}

export_plugin!(KexecLoad);
