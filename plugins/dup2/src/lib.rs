//! dup2(2): make a certain number another descriptor for an open file; what had that number is closed.

use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "dup2", returns = descriptor, looks)]
struct Dup2 {
    #[arg(0)]
    old_descriptor: Fd,
    #[arg(1)]
    new_descriptor: i32,
}

/// A number that is no process's.
const NO_DESCRIPTOR: i32 = -2;

impl<'t> Replay<'t> for Dup2 {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let (old, new) = (self.old_descriptor, self.new_descriptor);
        if old.0 == new || !process.recorded().succeeded() {
            // Nothing changes hands.
            let fd = process.fd(old)?;
            let new = if old.0 == new { fd } else { NO_DESCRIPTOR };
            // SAFETY: the call takes no pointer, and replaces no descriptor by another.
            let replayed = unsafe { sys::numbers(libc::SYS_dup2, [fd.into(), new.into()]) };
            return Ok(replayed.map(|_| old.0.into()));
        }
        process.close(ClosedFd(new));
        process.duplicate(old, |fd| {
            // The traced number may be one of the replayer's own, so that it takes any.
            // SAFETY: the call takes no pointer.
            unsafe { sys::numbers(libc::SYS_fcntl, [fd.into(), libc::F_DUPFD.into(), 0]) }
        })
    }
}

export_plugin!(Dup2);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn dup2(old: i32, new: i32) -> Dup2 {
        Dup2 { old_descriptor: Fd(old), new_descriptor: new }
    }

    /// Descriptor 3 is open on `file`, 4 on `other`.
    fn stage() -> Stage {
        let mut stage = Stage::with_file(3, b"");
        std::fs::write(stage.path("other"), b"").expect("the scratch directory is writable");
        stage.open(4, "other");
        stage
    }

    fn target(stage: &Stage, traced: i32) -> std::path::PathBuf {
        let fd = stage.descriptor(traced).expect("it is open");
        std::fs::read_link(format!("/proc/self/fd/{fd}")).expect("it is open")
    }

    #[test]
    fn the_number_changes_hands() {
        let mut stage = stage();
        stage.recorded(4, 0).replay(&dup2(3, 4)).returns(4);
        assert_eq!(target(&stage, 4), stage.path("file"));
        assert_ne!(stage.descriptor(3), stage.descriptor(4));
    }

    #[test]
    fn a_number_that_nothing_had_is_as_good() {
        let mut stage = stage();
        stage.recorded(1000, 0).replay(&dup2(3, 1000)).returns(1000);
        assert_eq!(target(&stage, 1000), stage.path("file"));
    }

    #[test]
    fn onto_itself_nothing_happens() {
        let mut stage = stage();
        let before = stage.descriptor(3);
        stage.recorded(3, 0).replay(&dup2(3, 3)).returns(3);
        assert_eq!(stage.descriptor(3), before);
        stage.recorded(-1, libc::EBADF).replay(&dup2(9, 9)).fails(libc::EBADF);
    }

    #[test]
    fn a_simulated_one_takes_the_number_too() {
        let mut stage = stage();
        stage.simulate(5);
        stage.recorded(4, 0).replay(&dup2(5, 4)).is_not_made();
        assert!(stage.is_simulated(4));
    }

    #[test]
    fn a_failure_leaves_the_number_alone() {
        let mut stage = stage();
        for (old, new) in [(9, 4), (3, -1), (3, i32::MAX)] {
            stage.recorded(-1, libc::EBADF).replay(&dup2(old, new)).fails(libc::EBADF);
        }
        assert_eq!(target(&stage, 4), stage.path("other"));
    }
}
