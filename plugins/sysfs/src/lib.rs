//! sysfs(2): the kinds of file systems that the kernel has, by number.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "sysfs", looks, simulated = "the kernel may have others")]
struct Sysfs {
    #[arg(0)]
    option: i32,
    #[arg(1)]
    #[hex]
    argument_1: i64,
    #[arg(2)]
    #[hex]
    argument_2: i64,
}

export_plugin!(Sysfs);
