//! Signals: what is done about them, held off, sent and taken.

use libc::{SIG_BLOCK, SIG_SETMASK, SIG_UNBLOCK, SIGUSR1, SIGUSR2, timespec};

use super::{Family, NONE, NOWHERE};

pub const FAMILY: Family = Family {
    name: "signals",
    both: "rt_sigaction rt_sigprocmask rt_sigpending rt_sigtimedwait rt_sigqueueinfo rt_tgsigqueueinfo \
           sigaltstack",
    succeeds: "rt_sigreturn",
    fails: "rt_sigsuspend pause",
    run,
};

extern "C" fn nothing(_: i32) {}

fn run() {
    let mut mask = [0u64; 2];
    let mask = mask.as_mut_ptr();
    let user = 1u64 << (SIGUSR1 - 1);
    works!(SYS_rt_sigaction, SIGUSR1, 0, [0u64; 4].as_mut_ptr(), 8);
    fails!(EINVAL, SYS_rt_sigaction, 77, 0, 0, 8);
    works!(SYS_rt_sigprocmask, SIG_BLOCK, &raw const user, mask, 8);
    fails!(EINVAL, SYS_rt_sigprocmask, 77, &raw const user, mask, 8);
    let (own, thread) = (works!(SYS_getpid), works!(SYS_gettid));
    works!(SYS_kill, own, SIGUSR1);
    works!(SYS_rt_sigpending, mask, 8);
    fails!(EFAULT, SYS_rt_sigpending, NOWHERE, 8);
    let soon = timespec { tv_sec: 0, tv_nsec: 1 };
    let mut info = [0i32; 32];
    works!(SYS_rt_sigtimedwait, &raw const user, info.as_mut_ptr(), &raw const soon, 8);
    fails!(EAGAIN, SYS_rt_sigtimedwait, &raw const user, info.as_mut_ptr(), &raw const soon, 8);
    info.fill(0);
    (info[2], info[4]) = (NONE, thread as i32);
    works!(SYS_rt_sigqueueinfo, own, SIGUSR1, info.as_ptr());
    works!(SYS_rt_sigtimedwait, &raw const user, 0, &raw const soon, 8);
    fails!(EINVAL, SYS_rt_sigqueueinfo, own, 77, info.as_ptr());
    works!(SYS_rt_tgsigqueueinfo, own, thread, SIGUSR1, info.as_ptr());
    works!(SYS_rt_sigtimedwait, &raw const user, 0, &raw const soon, 8);
    fails!(EINVAL, SYS_rt_tgsigqueueinfo, own, NONE, SIGUSR1, info.as_ptr());
    works!(SYS_rt_sigprocmask, SIG_UNBLOCK, &raw const user, 0, 8);
    // SAFETY: the handler does nothing.
    let handler = nothing as extern "C" fn(i32);
    // SAFETY: as above.
    unsafe { libc::signal(SIGUSR2, handler as libc::sighandler_t) };
    works!(SYS_tgkill, own, thread, SIGUSR2);
    interrupted(thread);
    let stack = [0u64; 3];
    works!(SYS_sigaltstack, 0, [0u64; 3].as_mut_ptr());
    fails!(EINVAL, SYS_sigaltstack, [0u64, 77, 0].as_ptr(), 0);
    let _ = stack;
    works!(SYS_rt_sigprocmask, SIG_SETMASK, [0u64].as_ptr(), 0, 8);
}

/// Waits that a signal ends, which was already there.
fn interrupted(thread: i64) {
    let second = 1u64 << (SIGUSR2 - 1);
    works!(SYS_rt_sigprocmask, SIG_BLOCK, &raw const second, 0, 8);
    works!(SYS_tkill, thread, SIGUSR2);
    fails!(EINTR, SYS_rt_sigsuspend, [0u64].as_ptr(), 8);
    works!(SYS_rt_sigprocmask, SIG_UNBLOCK, &raw const second, 0, 8);
    let own = works!(SYS_getpid);
    // The one that sends waits until this thread sleeps, as /proc tells.
    let sender = std::thread::spawn(move || {
        let state = format!("/proc/self/task/{thread}/syscall");
        let number = libc::SYS_pause.to_string();
        while !std::fs::read_to_string(&state).is_ok_and(|text| text.starts_with(&number)) {
            std::thread::yield_now();
        }
        works!(SYS_tgkill, own, thread, SIGUSR2);
    });
    fails!(EINTR, SYS_pause);
    sender.join().expect("the signal is sent");
}
