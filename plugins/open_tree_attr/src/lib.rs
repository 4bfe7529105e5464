//! open_tree_attr(2): as open_tree(2), with other attributes for the copy.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "open_tree_attr",
    returns = descriptor,
    simulated = "the machine's mounts are left alone"
)]
struct OpenTreeAttr<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    #[bits(FLAGS)]
    #[bits(bits::AT_MOUNT)]
    flags_value: Option<i32>,
    #[before(3)]
    #[hex]
    attributes_set: Option<i64>,
    #[before(3, offset = 8)]
    #[hex]
    attributes_cleared: Option<i64>,
    #[before(3, offset = 16)]
    #[hex]
    propagation: Option<i64>,
}

const FLAGS: &[Bit] =
    &[bit("", "OPEN_TREE_CLONE", 1), bit("", "OPEN_TREE_CLOEXEC", libc::O_CLOEXEC as i64)];

export_plugin!(OpenTreeAttr);
