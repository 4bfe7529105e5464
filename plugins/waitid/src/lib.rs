//! waitid(2): wait for a child to end, stop or go on, and be told how it did.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "waitid",
    blocks,
    simulated = "the replay has no processes to wait for",
    class = "process"
)]
struct Waitid {
    #[arg(0)]
    #[names(KINDS)]
    kind: i32,
    #[arg(1)]
    id: i32,
    #[after(2, offset = 8)]
    #[names(CODES)]
    child_code: Option<i32>,
    /// 0 if `WNOHANG` found nothing.
    #[after(2, offset = 16)]
    child_pid: Option<Task>,
    #[after(2, offset = 24)]
    wait_status: Option<i32>,
    #[arg(3)]
    #[bits(bits::WAIT)]
    options_value: Option<i32>,
}

const KINDS: &[Bit] = &[
    constant("", "P_ALL", libc::P_ALL as i64),
    constant("", "P_PID", libc::P_PID as i64),
    constant("", "P_PGID", libc::P_PGID as i64),
    constant("", "P_PIDFD", libc::P_PIDFD as i64),
];

const CODES: &[Bit] = &[
    constant("", "CLD_EXITED", libc::CLD_EXITED as i64),
    constant("", "CLD_KILLED", libc::CLD_KILLED as i64),
    constant("", "CLD_DUMPED", libc::CLD_DUMPED as i64),
    constant("", "CLD_TRAPPED", libc::CLD_TRAPPED as i64),
    constant("", "CLD_STOPPED", libc::CLD_STOPPED as i64),
    constant("", "CLD_CONTINUED", libc::CLD_CONTINUED as i64),
];

export_plugin!(Waitid);
