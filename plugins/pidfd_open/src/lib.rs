//! pidfd_open(2): make a descriptor for a process.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

/// The descriptor is for a task of the trace: that is kept with it, and no process is there to be opened.
#[derive(Record)]
#[record(
    syscall = "pidfd_open",
    returns = descriptor,
    simulated = "it failed: the replay has no processes to look for",
    partly
)]
struct PidfdOpen {
    #[arg(0)]
    pid: Task,
    #[arg(1)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "PIDFD_NONBLOCK", libc::PIDFD_NONBLOCK as i64),
    bit("", "PIDFD_THREAD", libc::O_EXCL as i64),
];

impl<'t> Replay<'t> for PidfdOpen {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let pidfd = process.recorded().outcome().map_err(|_| Skip::SIMULATED)?;
        process.adopt_pidfd(pidfd as i32, self.pid.0);
        Ok(Ok(pidfd))
    }
}

export_plugin!(PidfdOpen);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const PIDFD_OPEN: PidfdOpen = PidfdOpen { pid: Task(1234), flags_value: Some(0) };

    #[test]
    fn nothing_stands_for_the_descriptor_of_a_task() {
        let mut stage = Stage::new();
        stage.recorded(5, 0).replay(&PIDFD_OPEN).returns(5);
        assert!(stage.is_simulated(5));
    }

    #[test]
    fn a_failure_is_not_made() {
        Stage::new().recorded(-1, libc::ESRCH).replay(&PIDFD_OPEN).is_not_made();
    }
}
