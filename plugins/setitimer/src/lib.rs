//! setitimer(2): have signals sent to this process after some time, again and again.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "setitimer", simulated = "its signals would be the replayer's")]
struct Setitimer {
    #[arg(0)]
    #[names(TIMERS)]
    timer: i32,
    #[timeval(1)]
    interval: Option<Tfrac>,
    #[timeval(1, offset = 16)]
    value: Option<Tfrac>,
}

const TIMERS: &[Bit] = &[
    constant("", "ITIMER_REAL", libc::ITIMER_REAL as i64),
    constant("", "ITIMER_VIRTUAL", libc::ITIMER_VIRTUAL as i64),
    constant("", "ITIMER_PROF", libc::ITIMER_PROF as i64),
];

export_plugin!(Setitimer);
