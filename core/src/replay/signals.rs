//! Signals by which people end a replay.
//!
//! A thread of its own waits for them, so that none of the replay's calls is interrupted by one. The first ends the
//! replay, which then tells what it did so far; a second one ends the process at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{self, SigHandler, SigSet, Signal};

use crate::replay::ReplayError;
use crate::replay::shared::{End, Shared};

/// The signals, kept from all threads that start from now on.
#[derive(Debug)]
pub struct Held {
    signals: SigSet,
    is_over: Arc<AtomicBool>,
}

/// Keeps the signals from this thread and those that it starts. Those that were ignored when the replayer was
/// started (nohup(1)) stay so.
pub fn hold() -> Held {
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        if !is_ignored(signal) {
            signals.add(signal);
        }
    }
    // The set is one of signals that there are.
    let _ = signals.thread_block();
    // A file that grows beyond what is allowed (setrlimit(2)) is an outcome.
    // SAFETY: no handler runs.
    let _ = unsafe { signal::signal(Signal::SIGXFSZ, SigHandler::SigIgn) };
    Held { signals, is_over: Arc::default() }
}

fn is_ignored(signal: Signal) -> bool {
    let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the kernel fills in the structure, and changes nothing.
    let told = unsafe { libc::sigaction(signal as i32, std::ptr::null(), action.as_mut_ptr()) };
    // SAFETY: it was filled in, or is all zeroes, which is no ignored signal.
    told == 0 && unsafe { action.assume_init() }.sa_sigaction == libc::SIG_IGN
}

impl Held {
    /// Ends the replay when one comes.
    ///
    /// # Errors
    /// There is no thread to wait for them.
    pub fn end(&self, shared: &Arc<Shared>) -> Result<(), ReplayError> {
        let (signals, is_over) = (self.signals, self.is_over.clone());
        let shared = Arc::downgrade(shared);
        let waiting = std::thread::Builder::new().name("signals".to_owned());
        let waiting = waiting.spawn(move || {
            let mut is_second = false;
            while let Ok(signal) = signals.wait() {
                let shared = shared.upgrade().filter(|_| !is_over.load(Ordering::Acquire));
                let Some(shared) = shared.filter(|_| !is_second) else {
                    // SAFETY: the process ends, whatever its threads are doing.
                    unsafe { libc::_exit(128 + signal as i32) }
                };
                is_second = true;
                // Nothing is told here: whoever is told may not listen, and a second one is to get through.
                shared.end(End::Interrupted(signal));
            }
        });
        waiting.map(drop).map_err(|error| ReplayError::NoThread { id: 0, error })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
    }
}
