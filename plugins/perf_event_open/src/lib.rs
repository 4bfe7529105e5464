//! perf_event_open(2): count or sample what happens in the machine.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "perf_event_open", returns = descriptor, simulated = "the machine is another")]
struct PerfEventOpen {
    #[before(0)]
    event_type: Option<i32>,
    #[before(0, offset = 8)]
    #[hex]
    configuration: Option<i64>,
    #[arg(1)]
    pid: Task,
    #[arg(2)]
    cpu: i32,
    #[arg(3)]
    group_descriptor: Fd,
    #[arg(4)]
    #[bits(FLAGS)]
    flags_value: Option<i64>,
}

const FLAGS: &[Bit] = &[
    bit("", "PERF_FLAG_FD_NO_GROUP", 1),
    bit("", "PERF_FLAG_FD_OUTPUT", 2),
    bit("", "PERF_FLAG_PID_CGROUP", 4),
    bit("", "PERF_FLAG_FD_CLOEXEC", 8),
];

export_plugin!(PerfEventOpen);
