//! signalfd(2): make a descriptor that signals are read from, or change which ones.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "signalfd",
    returns = descriptor,
    returns_when = arg(0).is(-1),
    simulated = "no signal would come",
    class = "signal"
)]
struct Signalfd {
    /// −1 for a new one.
    #[arg(0)]
    descriptor: Fd,
    #[before(1)]
    #[hex]
    mask: Option<i64>,
    #[arg(2)]
    mask_size: i64,
}

export_plugin!(Signalfd);
