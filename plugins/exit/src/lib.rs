//! exit(2)
use sdk::prelude::*;

#[derive(Record)]
#[record(syscalls("exit", "exit_group"), returns = never, at_entry)]
struct Exit {
    #[arg(0)]
    exit_status: i32,
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
