//! epoll_create(2): make a descriptor to wait for events with; its argument means nothing any more.

use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "epoll_create",
    returns = descriptor,
    simulated = "nothing is waited for",
    networked,
    changes = nothing
)]
struct EpollCreate {
    #[arg(0)]
    epoll_size: i32,
}

impl<'t> Replay<'t> for EpollCreate {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        if !process.has_network() {
            return Err(Skip::SIMULATED);
        }
        // SAFETY: the call takes numbers only.
        let replayed = unsafe { sys::numbers(libc::SYS_epoll_create, [self.epoll_size.into()]) };
        process.adopt_returned(replayed);
        process.begin_watch();
        Ok(replayed)
    }
}

export_plugin!(EpollCreate);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn makes_nothing_to_wait_with() {
        Stage::new().replay(&EpollCreate { epoll_size: 1 }).is_not_made();
    }
}
