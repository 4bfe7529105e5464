//! getresgid(2): the real, effective and saved group of this process.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "getresgid",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Getresgid {
    #[after(0)]
    real_gid: Option<i32>,
    #[after(1)]
    effective_gid: Option<i32>,
    #[after(2)]
    saved_gid: Option<i32>,
}

export_plugin!(Getresgid);
