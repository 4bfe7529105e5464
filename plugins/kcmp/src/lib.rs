//! kcmp(2): whether two processes have a file or another thing of the kernel's in common.

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "kcmp",
    looks,
    simulated = "the replay has no processes to act on",
    class = "process"
)]
struct Kcmp {
    #[arg(0)]
    pid: Task,
    #[arg(1)]
    other_pid: Task,
    #[arg(2)]
    #[names(TYPES)]
    kind: i32,
    #[arg(3)]
    index: i64,
    #[arg(4)]
    other_index: i64,
}

const TYPES: &[Bit] = &[
    constant("", "KCMP_FILE", 0),
    constant("", "KCMP_VM", 1),
    constant("", "KCMP_FILES", 2),
    constant("", "KCMP_FS", 3),
    constant("", "KCMP_SIGHAND", 4),
    constant("", "KCMP_IO", 5),
    constant("", "KCMP_SYSVSEM", 6),
    constant("", "KCMP_EPOLL_TFD", 7),
];

export_plugin!(Kcmp);
