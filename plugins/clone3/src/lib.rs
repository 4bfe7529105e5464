//! clone3(2): as clone(2), its arguments in a structure.

use libc::CLONE_PIDFD;
use sdk::declare::behind;
use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "clone3", returns = child, at_entry, class = "process")]
struct Clone3 {
    #[before(0)]
    #[bits(bits::CLONE)]
    #[shares]
    flag_value: Option<i64>,
    #[after(0, via = 8)]
    #[when(behind(0, 0, 8).any(CLONE_PIDFD))]
    pidfd: Option<NewFd>,
    #[before(0, offset = 32, width = 8)]
    #[names(bits::EXIT_SIGNAL)]
    exit_signal: Option<i32>,
    #[before(0, offset = 40)]
    #[hex]
    child_stack_address: Option<i64>,
    #[before(0, offset = 48)]
    child_stack_size: Option<i64>,
    #[before(0, offset = 56)]
    #[hex]
    new_tls: Option<i64>,
    #[arg(1)]
    arguments_size: i64,
}

impl<'t> Replay<'t> for Clone3 {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let flags = self.flag_value.ok_or(Skip::NOT_CAPTURED)?;
        let child = process.fork(Shares::by_flags(flags))?;
        if let Some(NewFd(pidfd)) = self.pidfd {
            process.adopt_pidfd(pidfd, process.recorded().return_value as i32);
        }
        Ok(child)
    }
}

export_plugin!(Clone3);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::abi::{CHILD_SHARES_FILES, CHILD_SHARES_MEMORY};
    use sdk::testing::Stage;

    const CLONE3: Clone3 = Clone3 {
        flag_value: Some(0),
        pidfd: None,
        exit_signal: Some(libc::SIGCHLD),
        child_stack_address: Some(0),
        child_stack_size: Some(0),
        new_tls: Some(0),
        arguments_size: 88,
    };

    #[test]
    fn what_is_shared_is_in_the_flags() {
        let flags = libc::CLONE_FILES | libc::CLONE_VM;
        let record = Clone3 { flag_value: Some(flags.into()), ..CLONE3 };
        let mut stage = Stage::new();
        let played = stage.recorded(1234, 0).replay(&record).returns(1234);
        assert_eq!(played.tasks(), [(1234, CHILD_SHARES_FILES | CHILD_SHARES_MEMORY)]);
    }

    #[test]
    fn a_descriptor_of_the_child_is_simulated() {
        let mut stage = Stage::new();
        stage.recorded(1234, 0).replay(&Clone3 { pidfd: Some(NewFd(5)), ..CLONE3 });
        assert!(stage.is_simulated(5));
    }

    #[test]
    fn arguments_that_could_not_be_read_make_no_task() {
        let mut stage = Stage::new();
        let record = Clone3 { flag_value: None, ..CLONE3 };
        let played = stage.recorded(-1, libc::EFAULT).replay(&record).is_not_made();
        assert!(played.tasks().is_empty());
    }
}
