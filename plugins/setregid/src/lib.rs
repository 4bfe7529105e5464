//! setregid(2): set the real and effective group of this process; −1 leaves one as it is.

use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "setregid",
    simulated = "the replayer runs as whoever started it",
    partly,
    changes = nothing,
    class = "creds"
)]
struct Setregid {
    #[arg(0)]
    real_gid: i32,
    #[arg(1)]
    effective_gid: i32,
}

impl<'t> Replay<'t> for Setregid {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.set_ids(libc::SYS_setregid, [self.real_gid, self.effective_gid])
    }
}

export_plugin!(Setregid);
