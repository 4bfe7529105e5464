//! epoll_ctl(2): say which events of a descriptor another one waits for.

use sdk::abi::{Bit, Condition};
use sdk::declare::{bit, constant};
use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "epoll_ctl",
    simulated = "nothing is waited for",
    networked,
    changes = nothing
)]
struct EpollCtl {
    #[arg(0)]
    epoll_descriptor: Fd,
    #[arg(1)]
    #[names(OPERATIONS)]
    operation: i32,
    #[arg(2)]
    descriptor: Fd,
    #[before(3)]
    #[when(HAS_EVENTS)]
    #[bits(EVENTS)]
    events_value: Option<i32>,
    // The structure is packed on one machine only.
    #[cfg_attr(target_arch = "x86_64", before(3, offset = 4))]
    #[cfg_attr(not(target_arch = "x86_64"), before(3, offset = 8))]
    #[when(HAS_EVENTS)]
    #[hex]
    event_data: Option<i64>,
}

const HAS_EVENTS: Condition = arg(1).one_of(&[libc::EPOLL_CTL_ADD, libc::EPOLL_CTL_MOD]);

const OPERATIONS: &[Bit] = &[
    constant("", "EPOLL_CTL_ADD", libc::EPOLL_CTL_ADD as i64),
    constant("", "EPOLL_CTL_DEL", libc::EPOLL_CTL_DEL as i64),
    constant("", "EPOLL_CTL_MOD", libc::EPOLL_CTL_MOD as i64),
];

const EVENTS: &[Bit] = &[
    bit("", "EPOLLIN", libc::EPOLLIN as i64),
    bit("", "EPOLLPRI", libc::EPOLLPRI as i64),
    bit("", "EPOLLOUT", libc::EPOLLOUT as i64),
    bit("", "EPOLLERR", libc::EPOLLERR as i64),
    bit("", "EPOLLHUP", libc::EPOLLHUP as i64),
    bit("", "EPOLLRDHUP", libc::EPOLLRDHUP as i64),
    bit("", "EPOLLEXCLUSIVE", libc::EPOLLEXCLUSIVE as i64),
    bit("", "EPOLLWAKEUP", libc::EPOLLWAKEUP as i64),
    bit("", "EPOLLONESHOT", libc::EPOLLONESHOT as i64),
    bit("", "EPOLLET", libc::EPOLLET as u32 as i64),
];

impl<'t> Replay<'t> for EpollCtl {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        if !process.has_network() {
            return Err(Skip::SIMULATED);
        }
        let (epoll, fd) = (process.fd(self.epoll_descriptor)?, process.fd(self.descriptor)?);
        let data = self.event_data.unwrap_or(0) as u64;
        let mut event =
            libc::epoll_event { events: self.events_value.unwrap_or(0) as u32, u64: data };
        let has_event = self.operation != libc::EPOLL_CTL_DEL;
        if has_event && self.events_value.is_none() {
            return Err(Skip::NOT_CAPTURED);
        }
        let event = if has_event { (&raw mut event) as usize } else { 0 };
        let words = [epoll as usize, self.operation as usize, fd as usize, event, 0, 0];
        // SAFETY: the structure is there, where the call takes one.
        let replayed = unsafe { sys::call(libc::SYS_epoll_ctl, words) };
        if has_event && replayed.is_ok() {
            process.watch(self.epoll_descriptor, self.descriptor, data);
        }
        Ok(replayed)
    }
}

export_plugin!(EpollCtl);
