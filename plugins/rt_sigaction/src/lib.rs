//! rt_sigaction(2): say what happens when a signal comes.

use sdk::abi::Bit;
use sdk::declare::{bit, value_of};
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "rt_sigaction",
    simulated = "the replayer handles its own signals",
    class = "signal"
)]
struct RtSigaction {
    #[arg(0)]
    #[names(bits::SIGNAL)]
    signal: i32,
    #[before(1)]
    #[names(HANDLERS)]
    handler_address: Option<i64>,
    #[before(1, offset = 8)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
    #[before(1, offset = 24)]
    #[hex]
    mask: Option<i64>,
    #[after(2)]
    #[names(HANDLERS)]
    old_handler_address: Option<i64>,
    #[arg(3)]
    mask_size: i64,
}

const HANDLERS: &[Bit] = &[
    value_of("", "SIG_DFL", -1, libc::SIG_DFL as i64),
    value_of("", "SIG_IGN", -1, libc::SIG_IGN as i64),
];

const FLAGS: &[Bit] = &[
    bit("", "SA_NOCLDSTOP", libc::SA_NOCLDSTOP as i64),
    bit("", "SA_NOCLDWAIT", libc::SA_NOCLDWAIT as i64),
    bit("", "SA_SIGINFO", libc::SA_SIGINFO as i64),
    bit("", "SA_ONSTACK", libc::SA_ONSTACK as i64),
    bit("", "SA_RESTART", libc::SA_RESTART as i64),
    bit("", "SA_NODEFER", libc::SA_NODEFER as i64),
    bit("", "SA_RESETHAND", libc::SA_RESETHAND as u32 as i64),
    bit("", "SA_RESTORER", 0x0400_0000),
];

export_plugin!(RtSigaction);
