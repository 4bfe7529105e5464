//! capset(2): set the capabilities of this thread.

use sdk::prelude::*;

/// Of each set, the first 32 capabilities and then the others, which the first version didn't have.
#[derive(Record, Replay)]
#[record(
    syscall = "capset",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Capset {
    #[before(0)]
    #[hex]
    version: Option<i32>,
    #[before(0, offset = 4)]
    pid: Option<Task>,
    #[before(1)]
    #[hex]
    effective_value: Option<i32>,
    #[before(1, offset = 4)]
    #[hex]
    permitted_value: Option<i32>,
    #[before(1, offset = 8)]
    #[hex]
    inheritable_value: Option<i32>,
    #[before(1, offset = 12)]
    #[hex]
    high_effective_value: Option<i32>,
    #[before(1, offset = 16)]
    #[hex]
    high_permitted_value: Option<i32>,
    #[before(1, offset = 20)]
    #[hex]
    high_inheritable_value: Option<i32>,
}

export_plugin!(Capset);
