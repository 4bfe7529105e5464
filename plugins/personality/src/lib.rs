//! personality(2): have the kernel behave to this process as another system would.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "personality", simulated = "it would change the replayer")]
struct Personality {
    /// All bits set ask for the present one.
    #[arg(0)]
    #[hex]
    persona: i32,
}

export_plugin!(Personality);
