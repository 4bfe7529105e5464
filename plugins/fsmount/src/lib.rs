//! fsmount(2): make a mount of a file system, attached nowhere yet.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "fsmount",
    returns = descriptor,
    simulated = "the machine's mounts are left alone"
)]
struct Fsmount {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
    #[arg(2)]
    #[hex]
    attributes_value: Option<i32>,
}

const FLAGS: &[Bit] = &[bit("", "FSMOUNT_CLOEXEC", 1)];

export_plugin!(Fsmount);
