//! getresuid(2): the real, effective and saved user of this process.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "getresuid",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Getresuid {
    #[after(0)]
    real_uid: Option<i32>,
    #[after(1)]
    effective_uid: Option<i32>,
    #[after(2)]
    saved_uid: Option<i32>,
}

export_plugin!(Getresuid);
