//! lsm_list_modules(2): the security modules that the kernel has.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "lsm_list_modules",
    looks,
    simulated = "the machine's security modules are left alone"
)]
struct LsmListModules {
    #[after(1)]
    length: Option<i32>,
    #[arg(2)]
    #[hex]
    flags_value: Option<i32>,
}

export_plugin!(LsmListModules);
