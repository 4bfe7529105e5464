//! inotify_rm_watch(2): have a descriptor no longer tell of changes to a file.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "inotify_rm_watch", simulated = "nothing is watched")]
struct InotifyRmWatch {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    watch: i32,
}

export_plugin!(InotifyRmWatch);
