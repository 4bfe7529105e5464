//! init_module(2): load a module into the kernel, from memory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "init_module", simulated = "the machine is left alone")]
struct InitModule<'t> {
    #[arg(1)]
    length: i64,
    #[string(2)]
    parameters: Option<&'t [u8]>,
}

export_plugin!(InitModule);
