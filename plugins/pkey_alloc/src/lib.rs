//! pkey_alloc(2): take a key by which memory can be protected.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "pkey_alloc",
    returns = status,
    simulated = "no memory is mapped",
    class = "memory"
)]
struct PkeyAlloc {
    #[arg(0)]
    #[hex]
    flags_value: Option<i32>,
    #[arg(1)]
    #[bits(RIGHTS)]
    rights_value: Option<i32>,
}

const RIGHTS: &[Bit] = &[bit("", "PKEY_DISABLE_ACCESS", 1), bit("", "PKEY_DISABLE_WRITE", 2)];

export_plugin!(PkeyAlloc);
