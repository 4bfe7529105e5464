//! rt_sigpending(2): the signals that came and are held off.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "rt_sigpending",
    simulated = "the replayer handles its own signals",
    class = "signal"
)]
struct RtSigpending {
    #[after(0)]
    #[hex]
    mask: Option<i64>,
    #[arg(1)]
    mask_size: i64,
}

export_plugin!(RtSigpending);
