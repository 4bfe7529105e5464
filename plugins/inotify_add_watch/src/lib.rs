//! inotify_add_watch(2): have a descriptor tell of changes to a file, or to those in a directory.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "inotify_add_watch", simulated = "nothing is watched")]
struct InotifyAddWatch<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    #[bits(EVENTS)]
    events_value: Option<i32>,
}

const EVENTS: &[Bit] = &[
    bit("", "IN_ACCESS", libc::IN_ACCESS as i64),
    bit("", "IN_MODIFY", libc::IN_MODIFY as i64),
    bit("", "IN_ATTRIB", libc::IN_ATTRIB as i64),
    bit("", "IN_CLOSE_WRITE", libc::IN_CLOSE_WRITE as i64),
    bit("", "IN_CLOSE_NOWRITE", libc::IN_CLOSE_NOWRITE as i64),
    bit("", "IN_OPEN", libc::IN_OPEN as i64),
    bit("", "IN_MOVED_FROM", libc::IN_MOVED_FROM as i64),
    bit("", "IN_MOVED_TO", libc::IN_MOVED_TO as i64),
    bit("", "IN_CREATE", libc::IN_CREATE as i64),
    bit("", "IN_DELETE", libc::IN_DELETE as i64),
    bit("", "IN_DELETE_SELF", libc::IN_DELETE_SELF as i64),
    bit("", "IN_MOVE_SELF", libc::IN_MOVE_SELF as i64),
    bit("", "IN_ONLYDIR", libc::IN_ONLYDIR as i64),
    bit("", "IN_DONT_FOLLOW", libc::IN_DONT_FOLLOW as i64),
    bit("", "IN_EXCL_UNLINK", libc::IN_EXCL_UNLINK as i64),
    bit("", "IN_MASK_CREATE", libc::IN_MASK_CREATE as i64),
    bit("", "IN_MASK_ADD", libc::IN_MASK_ADD as i64),
    bit("", "IN_ONESHOT", libc::IN_ONESHOT as i64),
];

export_plugin!(InotifyAddWatch);
