//! pkey_free(2): give a key back by which memory was protected.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "pkey_free", simulated = "no memory is mapped", class = "memory")]
struct PkeyFree {
    #[arg(0)]
    key: i32,
}

export_plugin!(PkeyFree);
