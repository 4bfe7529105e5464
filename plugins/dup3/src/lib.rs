//! dup3(2): as dup2(2), with flags for the new descriptor.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "dup3", returns = descriptor, looks)]
struct Dup3 {
    #[arg(0)]
    old_descriptor: Fd,
    #[arg(1)]
    new_descriptor: i32,
    #[arg(2)]
    #[bits(FLAGS)]
    flags: i32,
}

const FLAGS: &[Bit] = &[bit("", "O_CLOEXEC", libc::O_CLOEXEC as i64)];

/// A number that is no process's.
const NO_DESCRIPTOR: i32 = -2;

impl<'t> Replay<'t> for Dup3 {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let (old, new) = (self.old_descriptor, self.new_descriptor);
        if !process.recorded().succeeded() {
            let fd = process.fd(old)?;
            let new = if old.0 == new { fd } else { NO_DESCRIPTOR };
            let words = [fd.into(), new.into(), self.flags.into()];
            // SAFETY: the call takes no pointer, and none of these numbers lets it succeed.
            return Ok(unsafe { sys::numbers(libc::SYS_dup3, words) });
        }
        let command = match self.flags & libc::O_CLOEXEC {
            0 => libc::F_DUPFD,
            _ => libc::F_DUPFD_CLOEXEC,
        };
        process.close(ClosedFd(new));
        process.duplicate(old, |fd| {
            // The traced number may be one of the replayer's own, so that it takes any.
            // SAFETY: the call takes no pointer.
            unsafe { sys::numbers(libc::SYS_fcntl, [fd.into(), command.into(), 0]) }
        })
    }
}

export_plugin!(Dup3);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn dup3(old: i32, new: i32, flags: i32) -> Dup3 {
        Dup3 { old_descriptor: Fd(old), new_descriptor: new, flags }
    }

    fn is_close_on_exec(stage: &Stage, traced: i32) -> bool {
        let fd = stage.descriptor(traced).expect("it is open");
        // SAFETY: the call takes no pointer.
        let flags = unsafe { sys::numbers(libc::SYS_fcntl, [fd.into(), libc::F_GETFD.into()]) };
        flags == Ok(libc::FD_CLOEXEC.into())
    }

    #[test]
    fn the_new_one_has_the_flag_and_only_if_asked() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(4, 0).replay(&dup3(3, 4, libc::O_CLOEXEC)).returns(4);
        stage.recorded(5, 0).replay(&dup3(3, 5, 0)).returns(5);
        assert!(is_close_on_exec(&stage, 4) && !is_close_on_exec(&stage, 5));
    }

    #[test]
    fn failures_are_told_apart() {
        let mut stage = Stage::with_file(3, b"");
        stage.open(4, "file");
        let before = stage.descriptor(4);
        stage.recorded(-1, libc::EINVAL).replay(&dup3(3, 3, 0)).fails(libc::EINVAL);
        stage.recorded(-1, libc::EINVAL).replay(&dup3(3, 4, 1)).fails(libc::EINVAL);
        stage.recorded(-1, libc::EBADF).replay(&dup3(9, 4, 0)).fails(libc::EBADF);
        assert_eq!(stage.descriptor(4), before);
    }

    #[test]
    fn a_simulated_one_takes_the_number_too() {
        let mut stage = Stage::with_file(4, b"");
        stage.simulate(3);
        stage.recorded(4, 0).replay(&dup3(3, 4, 0)).is_not_made();
        assert!(stage.is_simulated(4));
    }
}
