//! Sees to it that a replay doesn't wait forever for what a trace doesn't bring: the other end of a pipe
//! that was somebody else's, a lock that nobody gives back.

use std::sync::Once;
use std::time::{Duration, Instant};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use crate::replay::turn::Turn;

/// How often it looks.
const EVERY: Duration = Duration::from_millis(250);

/// The signal that ends a call of one of our threads; programs' own signals are never replayed.
const INTERRUPT: Signal = Signal::SIGURG;

/// Watches the turn.
#[derive(Debug)]
pub struct Watch {
    patience: Duration,
    position: u64,
    since: Instant,
}

impl Watch {
    /// Lets a call wait for as long as `patience`.
    pub fn new(patience: Duration) -> Self {
        Self { patience, position: 0, since: Instant::now() }
    }

    /// How often to look.
    pub fn every(&self) -> Duration {
        EVERY.min(self.patience)
    }

    /// Interrupts the call that everybody waits for, if it has waited long enough.
    pub fn look(&mut self, turn: &Turn) {
        let position = turn.position();
        match turn.in_kernel() {
            Some(thread) if position == self.position => {
                if self.since.elapsed() >= self.patience {
                    interrupt_all(&[thread]);
                }
            }
            _ => (self.position, self.since) = (position, Instant::now()),
        }
    }
}

/// Interrupts the calls that our own `threads` are in.
pub fn interrupt_all(threads: &[i32]) {
    static HANDLED: Once = Once::new();
    HANDLED.call_once(|| {
        let action =
            SigAction::new(SigHandler::Handler(nothing), SaFlags::empty(), SigSet::empty());
        // SAFETY: the handler does nothing.
        let _ = unsafe { sigaction(INTERRUPT, &action) };
    });
    let process = std::process::id();
    for thread in threads {
        // SAFETY: the thread is one of this process; if it has ended, the kernel knows no such thread
        // in it.
        unsafe { libc::syscall(libc::SYS_tgkill, process, *thread, INTERRUPT as i32) };
    }
}

extern "C" fn nothing(_signal: libc::c_int) {}
