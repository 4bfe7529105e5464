//! sched_setscheduler(2): set the policy by which a thread gets its turn, and its real-time priority.

use sdk::abi::Bit;
use sdk::declare::{bit, value_of};
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "sched_setscheduler", simulated = "the replayer keeps its own priority")]
struct SchedSetscheduler {
    #[arg(0)]
    pid: Task,
    #[arg(1)]
    #[bits(POLICIES)]
    policy: i32,
    #[before(2)]
    priority: Option<i32>,
}

/// The bits that hold the policy itself.
const POLICY: i64 = 0xff;

const POLICIES: &[Bit] = &[
    value_of("", "SCHED_OTHER", POLICY, libc::SCHED_OTHER as i64),
    value_of("", "SCHED_FIFO", POLICY, libc::SCHED_FIFO as i64),
    value_of("", "SCHED_RR", POLICY, libc::SCHED_RR as i64),
    value_of("", "SCHED_BATCH", POLICY, libc::SCHED_BATCH as i64),
    value_of("", "SCHED_IDLE", POLICY, libc::SCHED_IDLE as i64),
    value_of("", "SCHED_DEADLINE", POLICY, libc::SCHED_DEADLINE as i64),
    bit("", "SCHED_RESET_ON_FORK", libc::SCHED_RESET_ON_FORK as i64),
];

export_plugin!(SchedSetscheduler);
