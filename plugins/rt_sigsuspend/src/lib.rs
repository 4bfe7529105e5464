//! rt_sigsuspend(2): wait for a signal, with others held off than before.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "rt_sigsuspend", simulated = "no signal would come", class = "signal")]
struct RtSigsuspend {
    #[before(0)]
    #[hex]
    mask: Option<i64>,
    #[arg(1)]
    mask_size: i64,
}

export_plugin!(RtSigsuspend);
