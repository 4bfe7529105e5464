//! setresgid(2): set the real, effective and saved group of this process; −1 leaves one as it is.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "setresgid",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Setresgid {
    #[arg(0)]
    real_gid: i32,
    #[arg(1)]
    effective_gid: i32,
    #[arg(2)]
    saved_gid: i32,
}

export_plugin!(Setresgid);
