//! Signals that people send to the recorder and mean for the program.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use libc::c_int;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::unistd::Pid;

/// The program; a handler can't be given anything else to know it by.
static PROGRAM: AtomicI32 = AtomicI32::new(0);

/// From now on, what a terminal sends to the recorder and the program alike is left to the program, and
/// what asks the recorder to end is passed on. The recorder ends when the program has.
///
/// # Errors
/// The kernel's.
pub fn leave_to(program: Pid) -> nix::Result<()> {
    PROGRAM.store(program.as_raw(), Ordering::Relaxed);
    let set = |signal, handler| {
        let action = SigAction::new(handler, SaFlags::SA_RESTART, SigSet::empty());
        // SAFETY: the handler makes one system call and reads an atomic.
        unsafe { sigaction(signal, &action) }.map(drop)
    };
    for signal in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTSTP] {
        set(signal, SigHandler::SigIgn)?;
    }
    for signal in [Signal::SIGTERM, Signal::SIGHUP] {
        set(signal, SigHandler::Handler(pass_on))?;
    }
    Ok(())
}

/// Whether somebody asked the recorder to end.
static OVER: AtomicBool = AtomicBool::new(false);

/// From now on, what asks the recorder to end is noted.
///
/// # Errors
/// The kernel's.
pub fn note_end() -> nix::Result<()> {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
        let action =
            SigAction::new(SigHandler::Handler(note_over), SaFlags::SA_RESTART, SigSet::empty());
        // SAFETY: the handler writes an atomic.
        unsafe { sigaction(signal, &action) }?;
    }
    Ok(())
}

/// Whether somebody asked the recorder to end.
pub fn is_over() -> bool {
    OVER.load(Ordering::Relaxed)
}

extern "C" fn note_over(_signal: c_int) {
    OVER.store(true, Ordering::Relaxed);
}

/// The signal that asked for what is kept so far, or 0.
static DUMP: AtomicI32 = AtomicI32::new(0);

/// From now on `signal` asks for what is kept so far.
///
/// # Errors
/// The kernel's.
pub fn dump_on(signal: Signal) -> nix::Result<()> {
    let action =
        SigAction::new(SigHandler::Handler(note_dump), SaFlags::SA_RESTART, SigSet::empty());
    // SAFETY: the handler writes an atomic.
    unsafe { sigaction(signal, &action) }.map(drop)
}

/// The signal that asked for what is kept so far since this was last called, if any did.
pub fn take_dump() -> Option<&'static str> {
    Signal::try_from(DUMP.swap(0, Ordering::Relaxed)).ok().map(Signal::as_str)
}

extern "C" fn note_dump(signal: c_int) {
    DUMP.store(signal, Ordering::Relaxed);
}

/// The program is gone: its number may belong to another by now.
pub fn forget_program() {
    PROGRAM.store(0, Ordering::Relaxed);
}

extern "C" fn pass_on(signal: c_int) {
    let program = PROGRAM.load(Ordering::Relaxed);
    if program > 0 {
        // SAFETY: the program is the recorder's own child, not waited for yet.
        unsafe { libc::kill(program, signal) };
    }
}
