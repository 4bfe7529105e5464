//! open_tree(2): a descriptor for a mount, or for a copy of one that is attached nowhere.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "open_tree",
    returns = descriptor,
    simulated = "the machine's mounts are left alone"
)]
struct OpenTree<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    #[bits(FLAGS)]
    #[bits(bits::AT_MOUNT)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] =
    &[bit("", "OPEN_TREE_CLONE", 1), bit("", "OPEN_TREE_CLOEXEC", libc::O_CLOEXEC as i64)];

export_plugin!(OpenTree);
