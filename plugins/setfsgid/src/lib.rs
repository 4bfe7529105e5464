//! setfsgid(2): set the group as which this thread accesses files.

use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "setfsgid",
    returns = status,
    simulated = "the replayer runs as whoever started it",
    partly,
    changes = nothing,
    class = "creds"
)]
struct Setfsgid {
    #[arg(0)]
    filesystem_gid: i32,
}

impl<'t> Replay<'t> for Setfsgid {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.set_ids(libc::SYS_setfsgid, [self.filesystem_gid])
    }
}

export_plugin!(Setfsgid);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::{Stage, with_own_users};

    #[test]
    fn a_thread_takes_it_on_for_itself_where_that_is_wanted() {
        let status = |thread: &str| {
            let status = std::fs::read_to_string(format!("/proc/{thread}/status")).unwrap();
            let line = status.lines().find(|line| line.starts_with("Gid:"));
            line.expect("the kernel tells").to_owned()
        };
        with_own_users(|| {
            let record = Setfsgid { filesystem_gid: 7 };
            Stage::new().replay(&record).is_not_made();
            Stage::new().takes_on_users().recorded(-1, libc::EPERM).replay(&record).is_not_made();
            Stage::new().takes_on_users().replay(&record).returns(0);
            assert_eq!(status("thread-self"), "Gid:\t0\t0\t0\t7");
            assert_ne!(status("self"), "Gid:\t0\t0\t0\t7", "other threads are who they were");
        });
    }
}
