//! setfsuid(2): set the user as whom this thread accesses files.

use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "setfsuid",
    returns = status,
    simulated = "the replayer runs as whoever started it",
    partly,
    changes = nothing,
    class = "creds"
)]
struct Setfsuid {
    #[arg(0)]
    filesystem_uid: i32,
}

impl<'t> Replay<'t> for Setfsuid {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.set_ids(libc::SYS_setfsuid, [self.filesystem_uid])
    }
}

export_plugin!(Setfsuid);
