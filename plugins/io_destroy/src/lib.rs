//! io_destroy(2): let go of a context for asynchronous I/O, once its requests are done.

use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "io_destroy",
    blocks,
    simulated = "the trace never introduced its context",
    partly
)]
struct IoDestroy {
    #[arg(0)]
    #[hex]
    context: i64,
}

impl<'t> Replay<'t> for IoDestroy {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let context = process.aio_context(self.context)?;
        process.forget_aio_context(self.context);
        // SAFETY: the call takes a number only.
        Ok(unsafe { sys::numbers(libc::SYS_io_destroy, [context as i64]) })
    }
}

export_plugin!(IoDestroy);
