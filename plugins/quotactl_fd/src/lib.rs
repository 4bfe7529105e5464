//! quotactl_fd(2): as quotactl(2), for the file system that a file is on.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "quotactl_fd", simulated = "the machine's quotas are left alone")]
struct QuotactlFd {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[hex]
    command_value: Option<i32>,
    #[arg(2)]
    id: i32,
    #[arg(3)]
    #[hex]
    address: i64,
}

export_plugin!(QuotactlFd);
