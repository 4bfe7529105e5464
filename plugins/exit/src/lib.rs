//! exit(2) and exit_group(2): end this thread, or all threads of this process.
//!
//! The record doesn't tell which of the two it was. It needn't: our traces say of each thread when it
//! ended, however it did. In those of others, a thread ends with its own record, and what never has one
//! ends with the trace.

use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscalls("exit", "exit_group"),
    extent = "exit",
    returns = never, at_entry,
    class = "process"
)]
struct Exit {
    #[arg(0)]
    exit_status: i32,
    /// True if a tracer made up the record, for want of a call: never here.
    #[unset]
    generated: bool,
}

impl<'t> Replay<'t> for Exit {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.exit(false);
        Ok(Ok(0))
    }
}

export_plugin!(Exit);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn ends_no_other_thread_than_its_own() {
        let mut stage = Stage::new();
        let played = stage.replay(&Exit { exit_status: 1, generated: false });
        assert_eq!(played.exited(), Some(false));
    }
}
