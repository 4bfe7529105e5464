//! What the recorder was started with, and hands on to the program, though Rust's runtime changes it for the
//! recorder before `main`: it opens `/dev/null` in place of standard streams that are closed, and ignores SIGPIPE.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

use libc::c_int;
use nix::sys::signal::{SigHandler, Signal, signal};

/// Standard streams that were closed.
static CLOSED: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];

/// Signals that the recorder ignores for itself, and whether they were ignored before.
static IGNORED: [(Signal, AtomicBool); 2] =
    [(Signal::SIGPIPE, AtomicBool::new(false)), (Signal::SIGXFSZ, AtomicBool::new(false))];

/// The C library calls it before the runtime's start.
#[used]
// SAFETY: the section holds pointers to functions that take nothing they must look at.
#[unsafe(link_section = ".init_array")]
static NOTE: extern "C" fn() = note;

extern "C" fn note() {
    for (stream, closed) in (0..).zip(&CLOSED) {
        // SAFETY: the call takes no pointer.
        closed.store(unsafe { libc::fcntl(stream, libc::F_GETFD) } == -1, Ordering::Relaxed);
    }
    for (number, ignored) in &IGNORED {
        let mut now = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: the call fills the structure, which may as well stay zero, and reads none.
        let now = unsafe {
            libc::sigaction(*number as c_int, std::ptr::null(), now.as_mut_ptr());
            now.assume_init()
        };
        ignored.store(now.sa_sigaction == libc::SIG_IGN, Ordering::Relaxed);
    }
}

/// From now on a file that may not grow (`ulimit -f`) is an error, no end.
///
/// # Errors
/// The kernel's.
pub fn survive_limits() -> nix::Result<()> {
    // SAFETY: to ignore a signal takes no code of ours.
    unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) }.map(drop)
}

/// Makes streams and signals of this process what they were.
///
/// # Errors
/// The kernel's.
pub fn restore() -> nix::Result<()> {
    black_box(&NOTE);
    for (number, ignored) in &IGNORED {
        let handler =
            if ignored.load(Ordering::Relaxed) { SigHandler::SigIgn } else { SigHandler::SigDfl };
        // SAFETY: neither action is code of ours.
        unsafe { signal(*number, handler) }?;
    }
    for (stream, closed) in (0..).zip(&CLOSED) {
        if closed.load(Ordering::Relaxed) {
            // SAFETY: the runtime opened it for itself, and this process becomes a program.
            unsafe { libc::close(stream) };
        }
    }
    Ok(())
}
