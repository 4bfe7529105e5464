//! epoll_wait(2): wait for events.

use sdk::prelude::*;
use sdk::readiness;

#[derive(Record)]
#[record(syscall = "epoll_wait", simulated = "nothing is waited for", networked, changes = nothing)]
struct EpollWait<'t> {
    #[arg(0)]
    epoll_descriptor: Fd,
    #[sized(1, ret(), readiness::EPOLL_EVENTS)]
    events: Option<&'t [u8]>,
    #[arg(2)]
    events_requested: i32,
    /// In milliseconds; a negative one never ends.
    #[arg(3)]
    timeout: i32,
}

impl<'t> Replay<'t> for EpollWait<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.epoll_again(self.epoll_descriptor, self.events)
    }
}

export_plugin!(EpollWait);
