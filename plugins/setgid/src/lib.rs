//! setgid(2): run this process as another group.

use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "setgid",
    simulated = "the replayer runs as whoever started it",
    partly,
    changes = nothing,
    class = "creds"
)]
struct Setgid {
    #[arg(0)]
    gid: i32,
}

impl<'t> Replay<'t> for Setgid {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.set_ids(libc::SYS_setgid, [self.gid])
    }
}

export_plugin!(Setgid);
