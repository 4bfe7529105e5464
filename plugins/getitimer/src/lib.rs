//! getitimer(2): what a timer of setitimer(2) has left.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "getitimer", simulated = "the replayer sets no timers")]
struct Getitimer {
    #[arg(0)]
    #[names(TIMERS)]
    timer: i32,
    #[timeval(1, after)]
    interval: Option<Tfrac>,
    #[timeval(1, offset = 16, after)]
    value: Option<Tfrac>,
}

const TIMERS: &[Bit] = &[
    constant("", "ITIMER_REAL", libc::ITIMER_REAL as i64),
    constant("", "ITIMER_VIRTUAL", libc::ITIMER_VIRTUAL as i64),
    constant("", "ITIMER_PROF", libc::ITIMER_PROF as i64),
];

export_plugin!(Getitimer);
