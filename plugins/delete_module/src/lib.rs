//! delete_module(2): take a module out of the kernel.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "delete_module", simulated = "the machine is left alone")]
struct DeleteModule<'t> {
    #[string(0)]
    module: Option<&'t [u8]>,
    #[arg(1)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] =
    &[bit("", "O_NONBLOCK", libc::O_NONBLOCK as i64), bit("", "O_TRUNC", libc::O_TRUNC as i64)];

export_plugin!(DeleteModule);
