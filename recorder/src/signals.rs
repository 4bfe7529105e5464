//! Signals that people send to the recorder and mean for the program.

use std::sync::atomic::{AtomicI32, Ordering};

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
