//! mount(2): attach a file system to a directory, or change how one is attached.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "mount", simulated = "the machine's mounts are left alone")]
struct Mount<'t> {
    #[pathname(0)]
    given_source: Option<Path<'t>>,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[string(2)]
    filesystem_type: Option<&'t [u8]>,
    #[arg(3)]
    #[bits(FLAGS)]
    flags_value: Option<i64>,
    #[string(4)]
    mount_options: Option<&'t [u8]>,
}

const FLAGS: &[Bit] = &[
    bit("", "MS_RDONLY", libc::MS_RDONLY as i64),
    bit("", "MS_NOSUID", libc::MS_NOSUID as i64),
    bit("", "MS_NODEV", libc::MS_NODEV as i64),
    bit("", "MS_NOEXEC", libc::MS_NOEXEC as i64),
    bit("", "MS_SYNCHRONOUS", libc::MS_SYNCHRONOUS as i64),
    bit("", "MS_REMOUNT", libc::MS_REMOUNT as i64),
    bit("", "MS_MANDLOCK", libc::MS_MANDLOCK as i64),
    bit("", "MS_DIRSYNC", libc::MS_DIRSYNC as i64),
    bit("", "MS_NOSYMFOLLOW", 0x100),
    bit("", "MS_NOATIME", libc::MS_NOATIME as i64),
    bit("", "MS_NODIRATIME", libc::MS_NODIRATIME as i64),
    bit("", "MS_BIND", libc::MS_BIND as i64),
    bit("", "MS_MOVE", libc::MS_MOVE as i64),
    bit("", "MS_REC", libc::MS_REC as i64),
    bit("", "MS_SILENT", libc::MS_SILENT as i64),
    bit("", "MS_UNBINDABLE", libc::MS_UNBINDABLE as i64),
    bit("", "MS_PRIVATE", libc::MS_PRIVATE as i64),
    bit("", "MS_SLAVE", libc::MS_SLAVE as i64),
    bit("", "MS_SHARED", libc::MS_SHARED as i64),
    bit("", "MS_RELATIME", libc::MS_RELATIME as i64),
    bit("", "MS_STRICTATIME", libc::MS_STRICTATIME as i64),
    bit("", "MS_LAZYTIME", libc::MS_LAZYTIME as i64),
];

export_plugin!(Mount);
