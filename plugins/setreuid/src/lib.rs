//! setreuid(2): set the real and effective user of this process; −1 leaves one as it is.

use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "setreuid",
    simulated = "the replayer runs as whoever started it",
    partly,
    changes = nothing,
    class = "creds"
)]
struct Setreuid {
    #[arg(0)]
    real_uid: i32,
    #[arg(1)]
    effective_uid: i32,
}

impl<'t> Replay<'t> for Setreuid {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.set_ids(libc::SYS_setreuid, [self.real_uid, self.effective_uid])
    }
}

export_plugin!(Setreuid);
