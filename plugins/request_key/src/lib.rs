//! request_key(2): look a key up, or have another program make it.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "request_key", returns = status, simulated = "the kernel's keys are left alone")]
struct RequestKey<'t> {
    #[string(0)]
    key_type: Option<&'t [u8]>,
    #[string(1)]
    description: Option<&'t [u8]>,
    #[string(2)]
    callout: Option<&'t [u8]>,
    #[arg(3)]
    keyring: i32,
}

export_plugin!(RequestKey);
