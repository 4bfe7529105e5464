//! setpriority(2): set the nice value of a process, of a process group or of a user's processes.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "setpriority", simulated = "the replayer keeps its own priority")]
struct Setpriority {
    #[arg(0)]
    #[names(WHICH)]
    which: i32,
    #[arg(1)]
    who: i32,
    #[arg(2)]
    priority: i32,
}

const WHICH: &[Bit] = &[
    constant("", "PRIO_PROCESS", libc::PRIO_PROCESS as i64),
    constant("", "PRIO_PGRP", libc::PRIO_PGRP as i64),
    constant("", "PRIO_USER", libc::PRIO_USER as i64),
];

export_plugin!(Setpriority);
