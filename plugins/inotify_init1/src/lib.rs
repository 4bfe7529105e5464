//! inotify_init1(2): as inotify_init(2), with flags for the new descriptor.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "inotify_init1", returns = descriptor, simulated = "nothing is watched")]
struct InotifyInit1 {
    #[arg(0)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "IN_CLOEXEC", libc::IN_CLOEXEC as i64),
    bit("", "IN_NONBLOCK", libc::IN_NONBLOCK as i64),
];

export_plugin!(InotifyInit1);
