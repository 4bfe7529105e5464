//! fanotify_mark(2): say which accesses to which files a descriptor tells of.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "fanotify_mark", simulated = "nothing is watched")]
struct FanotifyMark<'t> {
    #[arg(0)]
    fanotify_descriptor: Fd,
    #[arg(1)]
    #[hex]
    flags_value: Option<i32>,
    #[arg(2)]
    #[hex]
    events_value: Option<i64>,
    #[arg(3)]
    descriptor: DirFd,
    #[pathname(4)]
    given_pathname: Option<Path<'t>>,
}

export_plugin!(FanotifyMark);
