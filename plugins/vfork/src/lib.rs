//! vfork(2): make a process that borrows the memory of this one, which waits until it is given back.

use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "vfork", returns = child, at_entry, class = "process")]
struct Vfork;

impl<'t> Replay<'t> for Vfork {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.fork(Shares { memory: true, ..Shares::default() })
    }
}

export_plugin!(Vfork);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::abi::CHILD_SHARES_MEMORY;
    use sdk::testing::Stage;

    #[test]
    fn the_child_shares_memory_alone() {
        let mut stage = Stage::new();
        let played = stage.recorded(1234, 0).replay(&Vfork).returns(1234);
        assert_eq!(played.tasks(), [(1234, CHILD_SHARES_MEMORY)]);
    }

    #[test]
    fn a_failure_makes_no_task() {
        let mut stage = Stage::new();
        let played = stage.recorded(-1, libc::ENOMEM).replay(&Vfork).is_not_made();
        assert!(played.tasks().is_empty());
    }
}
