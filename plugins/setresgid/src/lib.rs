//! setresgid(2): set the real, effective and saved group of this process; −1 leaves one as it is.

use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "setresgid",
    simulated = "the replayer runs as whoever started it",
    partly,
    changes = nothing,
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

impl<'t> Replay<'t> for Setresgid {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.set_ids(libc::SYS_setresgid, [self.real_gid, self.effective_gid, self.saved_gid])
    }
}

export_plugin!(Setresgid);

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
            let record = Setresgid { real_gid: -1, effective_gid: 7, saved_gid: -1 };
            Stage::new().replay(&record).is_not_made();
            Stage::new().takes_on_users().recorded(-1, libc::EPERM).replay(&record).is_not_made();
            Stage::new().takes_on_users().replay(&record).returns(0);
            assert_eq!(status("thread-self"), "Gid:\t0\t7\t0\t7");
            assert_ne!(status("self"), "Gid:\t0\t7\t0\t7", "other threads are who they were");
        });
    }
}
