//! rt_sigprocmask(2): change which signals this thread holds off.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "rt_sigprocmask",
    simulated = "the replayer handles its own signals",
    class = "signal"
)]
struct RtSigprocmask {
    #[arg(0)]
    #[names(HOW)]
    how: i32,
    #[before(1)]
    #[hex]
    mask: Option<i64>,
    #[after(2)]
    #[hex]
    old_mask: Option<i64>,
    #[arg(3)]
    mask_size: i64,
}

const HOW: &[Bit] = &[
    constant("", "SIG_BLOCK", libc::SIG_BLOCK as i64),
    constant("", "SIG_UNBLOCK", libc::SIG_UNBLOCK as i64),
    constant("", "SIG_SETMASK", libc::SIG_SETMASK as i64),
];

export_plugin!(RtSigprocmask);
