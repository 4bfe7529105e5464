//! add_key(2): put a key into a keyring.

use sdk::prelude::*;

/// The payload is a secret, and not recorded.
#[derive(Record, Replay)]
#[record(syscall = "add_key", returns = status, simulated = "the kernel's keys are left alone")]
struct AddKey<'t> {
    #[string(0)]
    key_type: Option<&'t [u8]>,
    #[string(1)]
    description: Option<&'t [u8]>,
    #[arg(3)]
    payload_size: i64,
    #[arg(4)]
    keyring: i32,
}

export_plugin!(AddKey);
