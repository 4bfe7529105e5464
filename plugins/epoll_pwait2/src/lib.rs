//! epoll_pwait2(2): as epoll_pwait(2), with a timeout in nanoseconds.

use sdk::prelude::*;
use sdk::readiness;

#[derive(Record)]
#[record(syscall = "epoll_pwait2", simulated = "nothing is waited for", networked, changes = nothing)]
struct EpollPwait2<'t> {
    #[arg(0)]
    epoll_descriptor: Fd,
    #[sized(1, ret(), readiness::EPOLL_EVENTS)]
    events: Option<&'t [u8]>,
    #[arg(2)]
    events_requested: i32,
    #[timespec(3)]
    timeout: Option<Tfrac>,
    #[before(4)]
    #[hex]
    mask: Option<i64>,
    #[arg(5)]
    mask_size: i64,
}

impl<'t> Replay<'t> for EpollPwait2<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        process.epoll_again(self.epoll_descriptor, self.events)
    }
}

export_plugin!(EpollPwait2);
