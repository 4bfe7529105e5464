//! fsopen(2): begin to make a file system that can be mounted.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "fsopen",
    returns = descriptor,
    simulated = "the machine's mounts are left alone"
)]
struct Fsopen<'t> {
    #[string(0)]
    filesystem_type: Option<&'t [u8]>,
    #[arg(1)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[bit("", "FSOPEN_CLOEXEC", 1)];

export_plugin!(Fsopen);
