//! move_mount(2): attach a mount to a directory, or move it there.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "move_mount", simulated = "the machine's mounts are left alone")]
struct MoveMount<'t> {
    #[arg(0)]
    from_descriptor: DirFd,
    #[pathname(1)]
    from_pathname: Option<Path<'t>>,
    #[arg(2)]
    to_descriptor: DirFd,
    #[pathname(3)]
    to_pathname: Option<Path<'t>>,
    #[arg(4)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "MOVE_MOUNT_F_SYMLINKS", 1),
    bit("", "MOVE_MOUNT_F_AUTOMOUNTS", 2),
    bit("", "MOVE_MOUNT_F_EMPTY_PATH", 4),
    bit("", "MOVE_MOUNT_T_SYMLINKS", 0x10),
    bit("", "MOVE_MOUNT_T_AUTOMOUNTS", 0x20),
    bit("", "MOVE_MOUNT_T_EMPTY_PATH", 0x40),
    bit("", "MOVE_MOUNT_SET_GROUP", 0x100),
    bit("", "MOVE_MOUNT_BENEATH", 0x200),
];

export_plugin!(MoveMount);
