//! io_setup(2): make a context for asynchronous I/O.

use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "io_setup", changes = nothing)]
struct IoSetup {
    #[arg(0)]
    events_requested: i32,
    #[after(1)]
    #[hex]
    context: Option<i64>,
}

impl<'t> Replay<'t> for IoSetup {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        if matches!(process.recorded().errno, libc::EFAULT | libc::EAGAIN) {
            // Where to put it isn't known, nor how many there may be on this machine.
            return Err(Skip::NOT_CAPTURED);
        }
        let mut context = 0u64;
        let room = (&raw mut context) as usize;
        // SAFETY: there is room for a context behind the pointer.
        let made = unsafe {
            sys::call(libc::SYS_io_setup, [self.events_requested as usize, room, 0, 0, 0, 0])
        };
        match self.context.filter(|_| made.is_ok()) {
            Some(traced) => process.adopt_aio_context(traced, context),
            None => {
                // SAFETY: the call takes a number only; 0 is no context.
                let _ = unsafe { sys::numbers(libc::SYS_io_destroy, [context as i64]) };
            }
        }
        Ok(made)
    }
}

export_plugin!(IoSetup);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn makes_a_context_and_no_requests_none() {
        let record = |n| IoSetup { events_requested: n, context: Some(0x7000) };
        Stage::new().replay(&record(8)).returns(0);
        Stage::new().recorded(-1, libc::EINVAL).replay(&record(0)).fails(libc::EINVAL);
    }
}
