//! fspick(2): begin to change the settings of a mounted file system.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "fspick",
    returns = descriptor,
    simulated = "the machine's mounts are left alone"
)]
struct Fspick<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "FSPICK_CLOEXEC", 1),
    bit("", "FSPICK_SYMLINK_NOFOLLOW", 2),
    bit("", "FSPICK_NO_AUTOMOUNT", 4),
    bit("", "FSPICK_EMPTY_PATH", 8),
];

export_plugin!(Fspick);
