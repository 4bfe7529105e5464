//! signalfd4(2): as signalfd(2), with flags for a new descriptor.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "signalfd4",
    returns = descriptor,
    returns_when = arg(0).is(-1),
    simulated = "no signal would come",
    class = "signal"
)]
struct Signalfd4 {
    /// −1 for a new one.
    #[arg(0)]
    descriptor: Fd,
    #[before(1)]
    #[hex]
    mask: Option<i64>,
    #[arg(2)]
    mask_size: i64,
    #[arg(3)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "SFD_CLOEXEC", libc::SFD_CLOEXEC as i64),
    bit("", "SFD_NONBLOCK", libc::SFD_NONBLOCK as i64),
];

export_plugin!(Signalfd4);
