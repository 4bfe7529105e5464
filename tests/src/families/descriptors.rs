//! Descriptors: duplicated, closed, of pipes, of memory, and such that tell of events.

use libc::{EPOLL_CTL_ADD, EPOLL_CTL_DEL, O_CLOEXEC, O_NONBLOCK, iovec, pollfd, timespec};

use super::{CLOSED, Family, NONE, NOWHERE, raw};

pub const FAMILY: Family = Family {
    name: "descriptors",
    both: "dup dup2 dup3 close_range pipe pipe2 tee splice vmsplice memfd_create eventfd2 timerfd_create \
           timerfd_settime timerfd_gettime signalfd signalfd4 inotify_init1 inotify_add_watch inotify_rm_watch \
           epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2 poll ppoll select pselect6 \
           io_setup io_submit io_getevents io_pgetevents io_destroy fanotify_init fanotify_mark",
    succeeds: "eventfd inotify_init",
    fails: "io_cancel io_uring_enter io_uring_register io_uring_setup",
    run,
};

fn run() {
    duplicates();
    pipes();
    events();
    waiting();
    asynchronous();
    rings();
}

fn duplicates() {
    let file = works!(SYS_open, c"file".as_ptr(), libc::O_RDWR | libc::O_CREAT, 0o600);
    let copy = works!(SYS_dup, file);
    works!(SYS_write, copy, c"one".as_ptr(), 3);
    fails!(EBADF, SYS_dup, CLOSED);
    works!(SYS_dup2, file, 40);
    works!(SYS_dup2, file, file);
    works!(SYS_dup2, copy, 40);
    fails!(EBADF, SYS_dup2, CLOSED, 41);
    fails!(EBADF, SYS_dup2, file, NONE);
    works!(SYS_dup3, file, 42, O_CLOEXEC);
    works!(SYS_write, 42, c"two".as_ptr(), 3);
    fails!(EINVAL, SYS_dup3, file, file, 0);
    fails!(EINVAL, SYS_dup3, file, 43, 1);
    works!(SYS_close_range, 40, 41, 0);
    works!(SYS_close_range, 42, u32::MAX, libc::CLOSE_RANGE_CLOEXEC);
    fails!(EINVAL, SYS_close_range, 50, 40, 0);
    fails!(EBADF, SYS_write, 40, c"x".as_ptr(), 1);
    works!(SYS_close, 42);
    works!(SYS_close, copy);
    works!(SYS_close, file);
}

fn pipes() {
    let (mut one, mut two) = ([0i32; 2], [0i32; 2]);
    works!(SYS_pipe, one.as_mut_ptr());
    fails!(EFAULT, SYS_pipe, NOWHERE);
    works!(SYS_pipe2, two.as_mut_ptr(), O_CLOEXEC | O_NONBLOCK);
    fails!(EINVAL, SYS_pipe2, two.as_mut_ptr(), 1);
    let mut room = [0u8; 64];
    fails!(EAGAIN, SYS_read, two[0], room.as_mut_ptr(), 10);
    works!(SYS_write, one[1], c"through the pipe".as_ptr(), 16);
    works!(SYS_tee, one[0], two[1], 7, 0);
    fails!(EINVAL, SYS_tee, one[0], one[1], 7, 0);
    works!(SYS_read, two[0], room.as_mut_ptr(), 64);
    let file = works!(SYS_open, c"spliced".as_ptr(), libc::O_RDWR | libc::O_CREAT, 0o600);
    works!(SYS_splice, one[0], 0, file, 0, 10, libc::SPLICE_F_MOVE);
    works!(SYS_read, one[0], room.as_mut_ptr(), 6);
    let offset = 0i64;
    works!(SYS_splice, file, &raw const offset, one[1], 0, 4, libc::SPLICE_F_MORE);
    fails!(EINVAL, SYS_splice, file, 0, file, 0, 4, 0);
    works!(SYS_read, one[0], room.as_mut_ptr(), 4);
    let vector = iovec { iov_base: room.as_mut_ptr().cast(), iov_len: 5 };
    works!(SYS_vmsplice, one[1], &raw const vector, 1, 0);
    fails!(EBADF, SYS_vmsplice, CLOSED, &raw const vector, 1, 0);
    works!(SYS_read, one[0], room.as_mut_ptr(), 64);
    works!(SYS_close, one[1]);
    assert_eq!(works!(SYS_read, one[0], room.as_mut_ptr(), 64), 0);
    works!(SYS_close, one[0]);
    fails!(
        EPIPE,
        SYS_write,
        {
            works!(SYS_close, two[0]);
            two[1]
        },
        c"x".as_ptr(),
        1
    );
    works!(SYS_close, two[1]);
    works!(SYS_close, file);
    let memory = works!(SYS_memfd_create, c"memory".as_ptr(), libc::MFD_ALLOW_SEALING);
    works!(SYS_write, memory, c"remembered".as_ptr(), 10);
    works!(SYS_fcntl, memory, libc::F_ADD_SEALS, libc::F_SEAL_WRITE);
    works!(SYS_fcntl, memory, libc::F_GET_SEALS, 0);
    fails!(EPERM, SYS_write, memory, c"x".as_ptr(), 1);
    works!(SYS_pread64, memory, room.as_mut_ptr(), 64, 0);
    works!(SYS_close, memory);
    works!(SYS_close, works!(SYS_memfd_create, c"".as_ptr(), libc::MFD_CLOEXEC));
    fails!(EINVAL, SYS_memfd_create, c"x".as_ptr(), 0x4000);
}

fn events() {
    let mut count = 3u64;
    let event = works!(SYS_eventfd2, 5, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK);
    works!(SYS_write, event, &raw const count, 8);
    works!(SYS_read, event, &raw mut count, 8);
    fails!(EAGAIN, SYS_read, event, &raw mut count, 8);
    fails!(EINVAL, SYS_eventfd2, 0, 0x4000);
    works!(SYS_close, event);
    works!(SYS_close, works!(SYS_eventfd, 1));
    let timer = works!(SYS_timerfd_create, libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC);
    let at_once = [0i64, 0, 0, 1];
    works!(SYS_timerfd_settime, timer, 0, at_once.as_ptr(), 0);
    works!(SYS_read, timer, &raw mut count, 8);
    let mut left = [0i64; 4];
    works!(SYS_timerfd_gettime, timer, left.as_mut_ptr());
    fails!(EINVAL, SYS_timerfd_settime, timer, 77, at_once.as_ptr(), 0);
    fails!(EBADF, SYS_timerfd_gettime, CLOSED, left.as_mut_ptr());
    fails!(EINVAL, SYS_timerfd_create, 77, 0);
    works!(SYS_close, timer);
    let mask = 1u64 << 9;
    let signals = works!(SYS_signalfd4, NONE, &raw const mask, 8, libc::SFD_NONBLOCK);
    works!(SYS_signalfd4, signals, &raw const mask, 8, 0);
    fails!(EINVAL, SYS_signalfd4, NONE, &raw const mask, 7, 0);
    works!(SYS_close, works!(SYS_signalfd, NONE, &raw const mask, 8));
    fails!(EBADF, SYS_signalfd, CLOSED, &raw const mask, 8);
    works!(SYS_close, signals);
    works!(SYS_close, works!(SYS_inotify_init));
    let changes = works!(SYS_inotify_init1, libc::IN_CLOEXEC | libc::IN_NONBLOCK);
    fails!(EINVAL, SYS_inotify_init1, 1);
    let watch =
        works!(SYS_inotify_add_watch, changes, c".".as_ptr(), libc::IN_CREATE | libc::IN_DELETE);
    fails!(ENOENT, SYS_inotify_add_watch, changes, c"none".as_ptr(), libc::IN_CREATE);
    works!(SYS_close, works!(SYS_creat, c"noticed".as_ptr(), 0o600));
    let mut room = [0u8; 512];
    works!(SYS_read, changes, room.as_mut_ptr(), 512);
    works!(SYS_inotify_rm_watch, changes, watch);
    fails!(EINVAL, SYS_inotify_rm_watch, changes, 77);
    works!(SYS_close, changes);
    if let Ok(group) = call!(SYS_fanotify_init, libc::FAN_CLASS_NOTIF | libc::FAN_NONBLOCK, 0) {
        let add = libc::FAN_MARK_ADD;
        works!(SYS_fanotify_mark, group, add, libc::FAN_OPEN, libc::AT_FDCWD, c".".as_ptr());
        fails!(EINVAL, SYS_fanotify_mark, group, 0, 0, libc::AT_FDCWD, c".".as_ptr());
        works!(SYS_close, group);
    }
    fails!(EINVAL, SYS_fanotify_init, 0x4000_0000, 0);
}

fn waiting() {
    let mut ends = [0i32; 2];
    works!(SYS_pipe2, ends.as_mut_ptr(), 0);
    works!(SYS_write, ends[1], c"x".as_ptr(), 1);
    works!(SYS_close, works!(SYS_epoll_create, 1));
    fails!(EINVAL, SYS_epoll_create, 0);
    let poller = works!(SYS_epoll_create1, libc::EPOLL_CLOEXEC);
    fails!(EINVAL, SYS_epoll_create1, 1);
    let mut event = libc::epoll_event { events: (libc::EPOLLIN | libc::EPOLLET) as u32, u64: 7 };
    let event = &raw mut event;
    works!(SYS_epoll_ctl, poller, EPOLL_CTL_ADD, ends[0], event);
    fails!(EEXIST, SYS_epoll_ctl, poller, EPOLL_CTL_ADD, ends[0], event);
    works!(SYS_epoll_wait, poller, event, 1, 1000);
    works!(SYS_epoll_wait, poller, event, 1, 0);
    fails!(EINVAL, SYS_epoll_wait, poller, event, 0, 0);
    works!(SYS_epoll_pwait, poller, event, 1, 0, 0, 8);
    fails!(EBADF, SYS_epoll_pwait, CLOSED, event, 1, 0, 0, 8);
    let soon = timespec { tv_sec: 0, tv_nsec: 1 };
    works!(SYS_epoll_pwait2, poller, event, 1, &raw const soon, 0, 8);
    fails!(EINVAL, SYS_epoll_pwait2, poller, event, -1i32, &raw const soon, 0, 8);
    works!(SYS_epoll_ctl, poller, EPOLL_CTL_DEL, ends[0], event);
    works!(SYS_close, poller);
    let mut polls = [pollfd { fd: ends[0], events: libc::POLLIN, revents: 0 }; 2];
    polls[1].fd = CLOSED;
    works!(SYS_poll, polls.as_mut_ptr(), 2, -1i32);
    fails!(EFAULT, SYS_poll, NOWHERE, 1, 0);
    works!(SYS_ppoll, polls.as_mut_ptr(), 1, &raw const soon, 0, 8);
    fails!(EFAULT, SYS_ppoll, NOWHERE, 1, &raw const soon, 0, 8);
    let (mut set, mut none) = ([1u64 << ends[0]; 16], [0i64; 2]);
    works!(SYS_select, ends[0] + 1, set.as_mut_ptr(), 0, 0, none.as_mut_ptr());
    fails!(EINVAL, SYS_select, NONE, set.as_mut_ptr(), 0, 0, 0);
    works!(SYS_pselect6, ends[0] + 1, set.as_mut_ptr(), 0, 0, &raw const soon, 0);
    fails!(EINVAL, SYS_pselect6, NONE, set.as_mut_ptr(), 0, 0, 0, 0);
    works!(SYS_close, ends[0]);
    works!(SYS_close, ends[1]);
}

fn asynchronous() {
    let file = works!(SYS_open, c"blocks".as_ptr(), libc::O_RDWR | libc::O_CREAT, 0o600);
    let mut context = 0u64;
    works!(SYS_io_setup, 8, &raw mut context);
    fails!(EINVAL, SYS_io_setup, 0, &raw mut context);
    let mut data = *b"asynchronous data";
    let mut request = |command: u16, length: u64| {
        // SAFETY: all zeroes is a request.
        let mut block: libc::iocb = unsafe { std::mem::zeroed() };
        (block.aio_lio_opcode, block.aio_fildes) = (command, file as u32);
        block.aio_buf = if length > 0 { data.as_mut_ptr() as u64 } else { 0 };
        block.aio_nbytes = length;
        Box::new(block)
    };
    let mut events = [0u64; 16];
    for mut block in [request(1, 17), request(0, 17), request(2, 0)] {
        let pointers = [&raw mut *block];
        works!(SYS_io_submit, context, 1, pointers.as_ptr());
        works!(SYS_io_getevents, context, 1, 4, events.as_mut_ptr(), 0);
    }
    // io_pgetevents(2), which the libc crate lacks here.
    let taken = |context: u64| raw(333, &[context as usize, 0, 4, events.as_ptr() as usize, 0, 0]);
    assert_eq!(taken(context), Ok(0));
    assert_eq!(taken(1), Err(libc::EINVAL));
    fails!(EINVAL, SYS_io_getevents, context, 4, 1, events.as_mut_ptr(), 0);
    let mut bad = request(77, 1);
    let pointers = [&raw mut *bad];
    fails!(EINVAL, SYS_io_submit, context, 1, pointers.as_ptr());
    let _ = call!(SYS_io_cancel, context, pointers[0], events.as_mut_ptr());
    works!(SYS_io_destroy, context);
    fails!(EINVAL, SYS_io_destroy, 1);
    works!(SYS_close, file);
}

/// A recorder refuses them; without one there may be some.
fn rings() {
    let mut parameters = [0u64; 15];
    if let Ok(ring) = call!(SYS_io_uring_setup, 4, parameters.as_mut_ptr()) {
        works!(SYS_close, ring);
    }
    assert!(call!(SYS_io_uring_enter, CLOSED, 1, 0, 0, 0, 0).is_err());
    assert!(call!(SYS_io_uring_register, CLOSED, 0, 0, 0).is_err());
}
