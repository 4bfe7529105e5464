//! capget(2): the capabilities of a thread.

use sdk::prelude::*;

/// Of each set, the first 32 capabilities.
#[derive(Record, Replay)]
#[record(
    syscall = "capget",
    looks,
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Capget {
    #[before(0)]
    #[hex]
    version: Option<i32>,
    #[before(0, offset = 4)]
    pid: Option<Task>,
    #[after(1)]
    #[hex]
    effective_value: Option<i32>,
    #[after(1, offset = 4)]
    #[hex]
    permitted_value: Option<i32>,
    #[after(1, offset = 8)]
    #[hex]
    inheritable_value: Option<i32>,
}

export_plugin!(Capget);
