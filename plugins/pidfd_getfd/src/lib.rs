//! pidfd_getfd(2): make a descriptor for what another process has open.

use sdk::prelude::*;

/// What it has open is known only of the trace's own processes, whether it may be had goes by the kernel's rules
/// for ptrace(2), which there are no processes for.
#[derive(Record)]
#[record(
    syscall = "pidfd_getfd",
    returns = descriptor,
    simulated = "the process is not in the trace",
    partly
)]
struct PidfdGetfd {
    #[arg(0)]
    descriptor: Fd,
    /// One of the other process.
    #[arg(1)]
    target_descriptor: i32,
    #[arg(2)]
    #[hex]
    flags_value: Option<i32>,
}

impl<'t> Replay<'t> for PidfdGetfd {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let task = process.task_of(self.descriptor)?;
        if self.flags_value.is_some_and(|flags| flags != 0) {
            return Ok(Err(Errno(libc::EINVAL)));
        }
        if matches!(process.recorded().errno, libc::EPERM | libc::ESRCH) {
            return Err(Skip::SIMULATED);
        }
        process.duplicate_of(task, self.target_descriptor)
    }
}

export_plugin!(PidfdGetfd);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const PIDFD_GETFD: PidfdGetfd =
        PidfdGetfd { descriptor: Fd(5), target_descriptor: 7, flags_value: Some(0) };

    /// Descriptor 5 is for a task whose descriptor 7 is open on a file.
    fn stage() -> Stage {
        let mut stage = Stage::new();
        std::fs::write(stage.path("file"), "content").unwrap();
        stage.open_in(1234, 7, "file").pidfd(5, 1234);
        stage
    }

    #[test]
    fn what_the_other_task_has_open_is_had_here_too() {
        let mut stage = stage();
        stage.recorded(9, 0).replay(&PIDFD_GETFD).returns(9);
        let fd = stage.descriptor(9).expect("it is there");
        assert_eq!(std::fs::read_to_string(format!("/proc/self/fd/{fd}")).unwrap(), "content");
    }

    #[test]
    fn what_the_other_task_does_not_have_is_had_nowhere() {
        let none = PidfdGetfd { target_descriptor: 8, ..PIDFD_GETFD };
        stage().recorded(-1, libc::EBADF).replay(&none).fails(libc::EBADF);
        let mut stage = stage();
        stage.recorded(9, 0).replay(&none).is_not_made();
        let flags = PidfdGetfd { flags_value: Some(7), ..PIDFD_GETFD };
        stage.recorded(-1, libc::EINVAL).replay(&flags).fails(libc::EINVAL);
    }

    #[test]
    fn of_a_process_that_is_not_in_the_trace_nothing_is_known() {
        let mut stage = stage();
        stage.pidfd(6, 99);
        let elsewhere = PidfdGetfd { descriptor: Fd(6), ..PIDFD_GETFD };
        stage.recorded(9, 0).replay(&elsewhere).is_not_made();
        let no_pidfd = PidfdGetfd { descriptor: Fd(4), ..PIDFD_GETFD };
        stage.simulate(4).recorded(9, 0).replay(&no_pidfd).is_not_made();
        stage.recorded(-1, libc::EPERM).replay(&PIDFD_GETFD).is_not_made();
    }
}
