//! listmount(2): the mounts below another.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "listmount", looks, simulated = "the machine's mounts have other numbers")]
struct Listmount {
    #[before(0, offset = 8)]
    #[hex]
    mount_id: Option<i64>,
    #[before(0, offset = 16)]
    #[hex]
    after_mount: Option<i64>,
    #[arg(2)]
    count: i64,
    #[arg(3)]
    #[hex]
    flags_value: Option<i32>,
}

export_plugin!(Listmount);
