//! clone(2): make a process or thread that has certain things in common with this one.

use libc::{CLONE_CHILD_SETTID, CLONE_PARENT_SETTID, CLONE_PIDFD};
use sdk::declare::FAILURE;
use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "clone", returns = child, at_entry, class = "process")]
struct Clone {
    #[arg(0)]
    #[bits(bits::CLONE)]
    #[bits(bits::EXIT_SIGNAL)]
    #[shares]
    flag_value: Option<i64>,
    #[arg(1)]
    #[hex]
    child_stack_address: i64,
    /// The number that the parent finds behind its pointer: with `CLONE_PIDFD`, a descriptor.
    #[after(2, width = 4)]
    #[when(arg(0).any(CLONE_PARENT_SETTID | CLONE_PIDFD))]
    parent_thread_id: Option<i64>,
    /// The id that the child finds behind its own, which may be in other memory.
    #[ret]
    #[when(arg(0).any(CLONE_CHILD_SETTID))]
    #[unless(FAILURE)]
    child_thread_id: Option<i64>,
    #[cfg_attr(target_arch = "x86_64", arg(4))]
    #[cfg_attr(not(target_arch = "x86_64"), arg(3))]
    #[hex]
    new_tls: Option<i64>,
}

impl<'t> Replay<'t> for Clone {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let flags = self.flag_value.ok_or(Skip::NOT_CAPTURED)?;
        let child = process.fork(Shares::by_flags(flags))?;
        if flags & i64::from(CLONE_PIDFD) != 0
            && let Some(pidfd) = self.parent_thread_id
        {
            process.adopt_pidfd(pidfd as i32, process.recorded().return_value as i32);
        }
        Ok(child)
    }
}

export_plugin!(Clone);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::abi::{CHILD_SHARES_FILES, CHILD_SHARES_FS, CHILD_SHARES_THREAD_GROUP};
    use sdk::testing::Stage;

    const FORK: Clone = Clone {
        flag_value: Some(libc::SIGCHLD as i64),
        child_stack_address: 0,
        parent_thread_id: None,
        child_thread_id: None,
        new_tls: None,
    };

    #[test]
    fn a_process_shares_nothing() {
        let mut stage = Stage::new();
        let played = stage.recorded(1234, 0).replay(&FORK).returns(1234);
        assert_eq!(played.tasks(), [(1234, 0)]);
    }

    #[test]
    fn what_is_shared_is_in_the_flags() {
        let flags = libc::CLONE_FILES | libc::CLONE_FS | libc::CLONE_THREAD;
        let thread = Clone { flag_value: Some(flags.into()), ..FORK };
        let mut stage = Stage::new();
        let shares = CHILD_SHARES_FILES | CHILD_SHARES_FS | CHILD_SHARES_THREAD_GROUP;
        assert_eq!(stage.recorded(7, 0).replay(&thread).tasks(), [(7, shares)]);
    }

    #[test]
    fn a_descriptor_of_the_child_is_simulated() {
        let flags = i64::from(CLONE_PIDFD);
        let record = Clone { flag_value: Some(flags), parent_thread_id: Some(5), ..FORK };
        let mut stage = Stage::new();
        stage.recorded(1234, 0).replay(&record);
        assert!(stage.is_simulated(5));
    }

    #[test]
    fn a_failure_makes_no_task() {
        let mut stage = Stage::new();
        let played = stage.recorded(-1, libc::EAGAIN).replay(&FORK).is_not_made();
        assert!(played.tasks().is_empty());
    }
}
