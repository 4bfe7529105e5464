//! setregid(2): set the real and effective group of this process; −1 leaves one as it is.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    syscall = "setregid",
    simulated = "the replayer runs as whoever started it",
    class = "creds"
)]
struct Setregid {
    #[arg(0)]
    real_gid: i32,
    #[arg(1)]
    effective_gid: i32,
}

export_plugin!(Setregid);
