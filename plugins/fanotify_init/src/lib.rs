//! fanotify_init(2): make a descriptor that tells of accesses to files, and may decide on them.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "fanotify_init", returns = descriptor, simulated = "nothing is watched")]
struct FanotifyInit {
    #[arg(0)]
    #[hex]
    flags_value: Option<i32>,
    /// Flags for the descriptors that come with the events.
    #[arg(1)]
    #[bits(bits::OPEN)]
    open_value: Option<i32>,
}

export_plugin!(FanotifyInit);
