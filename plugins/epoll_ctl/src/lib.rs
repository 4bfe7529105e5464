//! epoll_ctl(2): say which events of a descriptor another one waits for.

use sdk::abi::{Bit, Condition};
use sdk::declare::{bit, constant};
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "epoll_ctl", simulated = "nothing is waited for")]
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

export_plugin!(EpollCtl);
