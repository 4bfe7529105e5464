//! getrusage(2): the time and other resources that this process, its children or this thread used.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "getrusage", simulated = "the replayer uses its own time")]
struct Getrusage {
    #[arg(0)]
    #[names(WHO)]
    who: i32,
    #[timeval(1, after)]
    user_time: Option<Tfrac>,
    #[timeval(1, offset = 16, after)]
    system_time: Option<Tfrac>,
}

const WHO: &[Bit] = &[
    constant("", "RUSAGE_SELF", libc::RUSAGE_SELF as i64),
    constant("", "RUSAGE_CHILDREN", libc::RUSAGE_CHILDREN as u32 as i64),
    constant("", "RUSAGE_THREAD", libc::RUSAGE_THREAD as i64),
];

export_plugin!(Getrusage);
