//! fork(2): make a process that has a copy of everything.

use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "fork", returns = child, at_entry, class = "process")]
struct Fork;

impl<'t> Replay<'t> for Fork {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.fork(Shares::default())
    }
}

export_plugin!(Fork);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn the_child_shares_nothing() {
        let mut stage = Stage::new();
        let played = stage.recorded(1234, 0).replay(&Fork).returns(1234);
        assert_eq!(played.tasks(), [(1234, 0)]);
    }

    #[test]
    fn a_failure_makes_no_task() {
        let mut stage = Stage::new();
        let played = stage.recorded(-1, libc::ENOMEM).replay(&Fork).is_not_made();
        assert!(played.tasks().is_empty());
    }
}
