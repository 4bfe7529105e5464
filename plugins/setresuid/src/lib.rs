//! setresuid(2): set the real, effective and saved user of this process; −1 leaves one as it is.

use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "setresuid",
    simulated = "the replayer runs as whoever started it",
    partly,
    changes = nothing,
    class = "creds"
)]
struct Setresuid {
    #[arg(0)]
    real_uid: i32,
    #[arg(1)]
    effective_uid: i32,
    #[arg(2)]
    saved_uid: i32,
}

impl<'t> Replay<'t> for Setresuid {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.set_ids(libc::SYS_setresuid, [self.real_uid, self.effective_uid, self.saved_uid])
    }
}

export_plugin!(Setresuid);
