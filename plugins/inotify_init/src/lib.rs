//! inotify_init(2): make a descriptor that tells of changes to files.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "inotify_init", returns = descriptor, simulated = "nothing is watched")]
struct InotifyInit;

export_plugin!(InotifyInit);
