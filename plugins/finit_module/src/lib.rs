//! finit_module(2): load a module into the kernel, from a file.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "finit_module", simulated = "the machine is left alone")]
struct FinitModule<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[string(1)]
    parameters: Option<&'t [u8]>,
    #[arg(2)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "MODULE_INIT_IGNORE_MODVERSIONS", 1),
    bit("", "MODULE_INIT_IGNORE_VERMAGIC", 2),
    bit("", "MODULE_INIT_COMPRESSED_FILE", 4),
];

export_plugin!(FinitModule);
