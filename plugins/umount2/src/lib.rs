//! umount2(2): detach a file system from its directory.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "umount2", simulated = "the machine's mounts are left alone")]
struct Umount2<'t> {
    #[pathname(0)]
    given_pathname: Option<Path<'t>>,
    #[arg(1)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "MNT_FORCE", libc::MNT_FORCE as i64),
    bit("", "MNT_DETACH", libc::MNT_DETACH as i64),
    bit("", "MNT_EXPIRE", libc::MNT_EXPIRE as i64),
    bit("", "UMOUNT_NOFOLLOW", libc::UMOUNT_NOFOLLOW as i64),
];

export_plugin!(Umount2);
