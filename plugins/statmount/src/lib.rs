//! statmount(2): what a mount is.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "statmount", looks, simulated = "the machine's mounts have other numbers")]
struct Statmount {
    #[before(0, offset = 8)]
    #[hex]
    mount_id: Option<i64>,
    #[before(0, offset = 16)]
    #[hex]
    mask: Option<i64>,
    #[arg(2)]
    length: i64,
    #[arg(3)]
    #[hex]
    flags_value: Option<i32>,
}

export_plugin!(Statmount);
