//! A signal to the tracer every now and then, which interrupts its wait.

use std::time::Duration;

use nix::sys::signal::{
    SaFlags, SigAction, SigEvent, SigHandler, SigSet, SigevNotify, Signal, sigaction,
};
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::ClockId;
use nix::unistd::gettid;

/// How often.
const EVERY: Duration = Duration::from_millis(5);

/// Ticks for this thread, as long as it lives.
#[derive(Debug)]
pub struct Ticks {
    _timer: Timer,
}

impl Ticks {
    /// Starts them. The program that is traced has none of it: timers belong to their process.
    ///
    /// # Errors
    /// The kernel's.
    pub fn start() -> nix::Result<Self> {
        // Without SA_RESTART: the wait is to be interrupted.
        let action =
            SigAction::new(SigHandler::Handler(nothing), SaFlags::empty(), SigSet::empty());
        // SAFETY: the handler does nothing.
        unsafe { sigaction(Signal::SIGALRM, &action) }?;
        let to_this_thread = SigevNotify::SigevThreadId {
            signal: Signal::SIGALRM,
            thread_id: gettid().as_raw(),
            si_value: 0,
        };
        let mut timer = Timer::new(ClockId::CLOCK_MONOTONIC, SigEvent::new(to_this_thread))?;
        timer.set(Expiration::Interval(EVERY.into()), TimerSetTimeFlags::empty())?;
        Ok(Self { _timer: timer })
    }
}

extern "C" fn nothing(_signal: libc::c_int) {}
