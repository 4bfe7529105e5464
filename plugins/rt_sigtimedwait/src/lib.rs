//! rt_sigtimedwait(2): take a signal that is held off, or wait for one.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "rt_sigtimedwait", simulated = "no signal would come", class = "signal")]
struct RtSigtimedwait {
    #[before(0)]
    #[hex]
    mask: Option<i64>,
    #[timespec(2)]
    timeout: Option<Tfrac>,
    #[arg(3)]
    mask_size: i64,
}

export_plugin!(RtSigtimedwait);
