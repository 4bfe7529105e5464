//! Gets signals in all ways that matter to a recorder: between calls, in calls that are restarted or fail,
//! on another stack, from itself, from a timer and from a fault, blocked and ignored. Says what it saw; with
//! an argument also where it was.

use std::mem::{MaybeUninit, zeroed};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};

use libc::{c_int, c_void, siginfo_t};

static SEEN: AtomicI32 = AtomicI32::new(0);
static PIPE: AtomicI32 = AtomicI32::new(-1);
static PLACE: AtomicU64 = AtomicU64::new(0);

extern "C" fn count(_signal: c_int, _info: *mut siginfo_t, context: *mut c_void) {
    SEEN.fetch_add(1, Ordering::SeqCst);
    // SAFETY: the kernel passes the context.
    let place =
        unsafe { (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs[libc::REG_RIP as usize] };
    PLACE.store(place as u64, Ordering::SeqCst);
    let pipe = PIPE.load(Ordering::SeqCst);
    if pipe >= 0 {
        // SAFETY: one byte of a string.
        unsafe { libc::write(pipe, c"x".as_ptr().cast(), 1) };
    }
}

/// Leaves the page that can't be read readable.
extern "C" fn repair(_signal: c_int, info: *mut siginfo_t, _context: *mut c_void) {
    SEEN.fetch_add(1, Ordering::SeqCst);
    // SAFETY: the page is this program's, mapped below.
    unsafe {
        let page = ((*info).si_addr() as usize & !4095) as *mut c_void;
        libc::mprotect(page, 4096, libc::PROT_READ | libc::PROT_WRITE);
    }
}

fn handle(signal: c_int, handler: extern "C" fn(c_int, *mut siginfo_t, *mut c_void), flags: c_int) {
    // SAFETY: all zeroes is a value of this structure; the handlers make only calls that handlers may.
    unsafe {
        let mut action: libc::sigaction = zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | flags;
        assert_eq!(libc::sigaction(signal, &raw const action, null_mut()), 0);
    }
}

fn seen() -> i32 {
    SEEN.swap(0, Ordering::SeqCst)
}

/// A signal from a timer, in so many microseconds.
fn alarm_in(microseconds: i64) {
    let value = libc::timeval { tv_sec: 0, tv_usec: microseconds };
    let once =
        libc::itimerval { it_interval: libc::timeval { tv_sec: 0, tv_usec: 0 }, it_value: value };
    // SAFETY: the structure lives through the call.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const once, null_mut()) };
}

fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

fn main() {
    // SAFETY: each call's memory lives through it.
    unsafe {
        let mut ends = [0; 2];
        assert_eq!(libc::pipe(ends.as_mut_ptr()), 0);
        let mut byte = 0u8;
        let mut read = || (libc::read(ends[0], (&raw mut byte).cast(), 1), errno());
        let me = libc::getpid();

        handle(libc::SIGUSR1, count, 0);
        for _ in 0..100 {
            libc::kill(me, libc::SIGUSR1);
        }
        println!("to itself: {}", seen());

        libc::signal(libc::SIGTERM, libc::SIG_IGN);
        for _ in 0..10 {
            libc::kill(me, libc::SIGTERM);
        }
        println!("ignored: {}", seen());

        handle(libc::SIGALRM, count, 0);
        alarm_in(20_000);
        println!("in a call that fails: {:?}, {}", read(), seen());

        handle(libc::SIGALRM, count, libc::SA_RESTART);
        PIPE.store(ends[1], Ordering::SeqCst);
        alarm_in(20_000);
        println!("in a call that is restarted: {}, {}", read().0, seen());
        PIPE.store(-1, Ordering::SeqCst);

        alarm_in(20_000);
        let wanted = libc::timespec { tv_sec: 5, tv_nsec: 0 };
        let mut left = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        let slept = libc::nanosleep(&raw const wanted, &raw mut left);
        println!("asleep: {slept}, {}, {}", left.tv_sec, seen());

        let mut blocked = MaybeUninit::<libc::sigset_t>::zeroed();
        libc::sigaddset(blocked.as_mut_ptr(), libc::SIGUSR1);
        libc::sigprocmask(libc::SIG_BLOCK, blocked.as_ptr(), null_mut());
        libc::kill(me, libc::SIGUSR1);
        println!("blocked: {}", seen());
        let none = MaybeUninit::<libc::sigset_t>::zeroed();
        libc::sigsuspend(none.as_ptr());
        println!("let through: {}", seen());
        libc::sigprocmask(libc::SIG_UNBLOCK, blocked.as_ptr(), null_mut());

        let mut memory = vec![0u8; 1 << 16];
        let stack =
            libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: 1 << 16 };
        libc::sigaltstack(&raw const stack, null_mut());
        handle(libc::SIGUSR2, count, libc::SA_ONSTACK);
        libc::kill(me, libc::SIGUSR2);
        let mut now = MaybeUninit::<libc::stack_t>::zeroed();
        libc::sigaltstack(null(), now.as_mut_ptr());
        println!("on another stack: {}, {}", seen(), now.assume_init().ss_flags);

        handle(libc::SIGSEGV, repair, 0);
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let page = libc::mmap(null_mut(), 4096, libc::PROT_NONE, flags, -1, 0).cast::<u8>();
        page.write_volatile(1);
        println!("of a fault: {}, {}", page.read_volatile(), seen());
        // A fault that is the kernel's to find is an error, and no signal.
        let result = libc::write(ends[1], 4096 as *const c_void, 10);
        println!("no fault: {result}, {}, {}", errno(), seen());
        let result = libc::access(16 as *const libc::c_char, 0);
        println!("nor this: {result}, {}, {}", errno(), seen());

        if std::env::args().len() == 1 {
            return;
        }
        // Where the program is told to have been is where it was: in its own code.
        let maps = std::fs::read_to_string("/proc/self/maps").expect("/proc is there");
        let place = PLACE.load(Ordering::SeqCst);
        let line = maps.lines().find(|line| {
            let range = line.split_once(' ').and_then(|(range, _)| range.split_once('-'));
            let number = |text| u64::from_str_radix(text, 16).unwrap_or(0);
            range.is_some_and(|(start, end)| (number(start)..number(end)).contains(&place))
        });
        println!("in a file's code: {}", line.is_some_and(|line| line.contains('/')));
    }
}
