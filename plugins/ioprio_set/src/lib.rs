//! ioprio_set(2): set the I/O priority of a thread, of a process group or of a user's processes.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "ioprio_set", simulated = "the replayer keeps its own priority")]
struct IoprioSet {
    #[arg(0)]
    #[names(WHICH)]
    which: i32,
    #[arg(1)]
    who: i32,
    #[arg(2)]
    #[hex]
    priority: i32,
}

const WHICH: &[Bit] = &[
    constant("", "IOPRIO_WHO_PROCESS", 1),
    constant("", "IOPRIO_WHO_PGRP", 2),
    constant("", "IOPRIO_WHO_USER", 3),
];

export_plugin!(IoprioSet);
