//! epoll_pwait(2): as epoll_wait(2), with other signals held off meanwhile.

use sdk::prelude::*;
use sdk::readiness;

#[derive(Record)]
#[record(syscall = "epoll_pwait", simulated = "nothing is waited for", networked, changes = nothing)]
struct EpollPwait<'t> {
    #[arg(0)]
    epoll_descriptor: Fd,
    #[sized(1, ret(), readiness::EPOLL_EVENTS)]
    events: Option<&'t [u8]>,
    #[arg(2)]
    events_requested: i32,
    /// In milliseconds; a negative one never ends.
    #[arg(3)]
    timeout: i32,
    #[before(4)]
    #[hex]
    mask: Option<i64>,
    #[arg(5)]
    mask_size: i64,
}

impl<'t> Replay<'t> for EpollPwait<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.epoll_again(self.epoll_descriptor, self.events)
    }
}

export_plugin!(EpollPwait);
