//! epoll_create1(2): make a descriptor to wait for events with.

use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "epoll_create1",
    returns = descriptor,
    simulated = "nothing is waited for",
    networked,
    changes = nothing
)]
struct EpollCreate1 {
    #[arg(0)]
    epoll_flags: i32,
}

impl<'t> Replay<'t> for EpollCreate1 {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        if !process.has_network() {
            return Err(Skip::SIMULATED);
        }
        // SAFETY: the call takes numbers only.
        let replayed = unsafe { sys::numbers(libc::SYS_epoll_create1, [self.epoll_flags.into()]) };
        process.adopt_returned(replayed);
        process.begin_watch();
        Ok(replayed)
    }
}

export_plugin!(EpollCreate1);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn makes_nothing_to_wait_with() {
        Stage::new().replay(&EpollCreate1 { epoll_flags: libc::EPOLL_CLOEXEC }).is_not_made();
    }
}
