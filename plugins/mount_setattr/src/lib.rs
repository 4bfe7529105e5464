//! mount_setattr(2): change what may be done with the files of a mount.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "mount_setattr", simulated = "the machine's mounts are left alone")]
struct MountSetattr<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
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

export_plugin!(MountSetattr);
