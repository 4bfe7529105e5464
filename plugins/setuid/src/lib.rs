//! setuid(2): run this process as another user.

use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "setuid",
    simulated = "the replayer runs as whoever started it",
    partly,
    changes = nothing,
    class = "creds"
)]
struct Setuid {
    #[arg(0)]
    uid: i32,
}

impl<'t> Replay<'t> for Setuid {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.set_ids(libc::SYS_setuid, [self.uid])
    }
}

export_plugin!(Setuid);
