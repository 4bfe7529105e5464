//! Sees to it that a replay doesn't wait forever: for what a trace doesn't bring (the other end of a pipe
//! that was somebody else's, a lock that nobody gives back), or for a plugin that doesn't return.
//!
//! A call that waits in the kernel is interrupted. A thread that doesn't come back after that is lost, and
//! the replay with it, unless it is the kernel that works for it: a disk may be slow.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, Instant};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

use crate::replay::ReplayError;
use crate::replay::progress::lock;
use crate::replay::sentry::fields;
use crate::replay::shared::{End, Shared};

/// How often it looks.
const EVERY: Duration = Duration::from_millis(250);

/// How long a thread that was interrupted has at least to come back.
const LEAST_GRACE: Duration = Duration::from_secs(1);

/// The signal that ends a call of one of our threads; programs' own signals are never replayed.
const INTERRUPT: Signal = Signal::SIGURG;

/// A thread, and the record that its plugin has to do with; on a cache line of its own, for the thread writes it at
/// every record.
#[derive(Debug)]
#[repr(align(128))]
pub struct Busy {
    thread: i32,
    /// Position of the record, or `u64::MAX`.
    position: AtomicU64,
    /// Number of its type, and its order id.
    kind: AtomicU64,
    record: AtomicU64,
}

impl Busy {
    /// A plugin gets a record of type `kind`.
    #[inline]
    pub fn enter(&self, position: u64, kind: usize, record: i64) {
        self.kind.store(kind as u64, Ordering::Relaxed);
        self.record.store(record as u64, Ordering::Relaxed);
        self.position.store(position, Ordering::Release);
    }

    /// It has returned.
    #[inline]
    pub fn leave(&self) {
        self.position.store(u64::MAX, Ordering::Release);
    }
}

/// What all threads are busy with.
#[derive(Debug, Default)]
pub struct BusyThreads(Mutex<Vec<Arc<Busy>>>);

impl BusyThreads {
    /// Thread `thread`, which isn't busy yet.
    pub fn add(&self, thread: i32) -> Arc<Busy> {
        let position = AtomicU64::new(u64::MAX);
        let busy = Arc::new(Busy { thread, position, kind: 0.into(), record: 0.into() });
        lock(&self.0).push(busy.clone());
        busy
    }

    /// It has ended.
    pub fn remove(&self, busy: &Arc<Busy>) {
        lock(&self.0).retain(|known| !Arc::ptr_eq(known, busy));
    }

    /// The thread whose plugin has the record at `position`.
    fn at(&self, position: u64) -> Option<Arc<Busy>> {
        let busy = lock(&self.0);
        busy.iter().find(|busy| busy.position.load(Ordering::Acquire) == position).cloned()
    }

    /// The thread whose plugin has the earliest record of all, and that record's position.
    fn earliest(&self) -> Option<(u64, Arc<Busy>)> {
        let busy = lock(&self.0);
        let positions = busy.iter().map(|busy| (busy.position.load(Ordering::Acquire), busy));
        let earliest = positions.min_by_key(|(position, _)| *position)?;
        (earliest.0 != u64::MAX).then(|| (earliest.0, earliest.1.clone()))
    }
}

/// Watches the turn.
#[derive(Debug)]
pub struct Watch {
    patience: Duration,
    position: u64,
    since: Instant,
    /// When the thread was last seen to be served by the kernel, and what it had used of the CPU.
    served: Instant,
    used: Used,
}

/// Ticks that a thread spent in its own code, and in the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Used {
    user: u64,
    system: u64,
}

impl Watch {
    /// Lets a call wait for as long as `patience`.
    pub fn new(patience: Duration) -> Self {
        let now = Instant::now();
        Self { patience, position: 0, since: now, served: now, used: Used::default() }
    }

    /// How often to look.
    pub fn every(&self) -> Duration {
        EVERY.min(self.patience)
    }

    /// Interrupts the call that everybody waits for, if it has waited long enough; and ends the replay if
    /// that was in vain for as long again.
    pub fn look(&mut self, shared: &Shared) {
        let turn = shared.turn.position();
        let (position, busy) = match shared.tells_by_batch {
            true => shared.busy.earliest().map_or((turn, None), |(at, busy)| (at, Some(busy))),
            false => (turn, shared.busy.at(turn)),
        };
        let Some(busy) = busy.filter(|_| position == self.position) else {
            self.position = position;
            self.since = Instant::now();
            self.served = self.since;
            return;
        };
        let waited = self.since.elapsed();
        if waited < self.patience {
            return;
        }
        interrupt_all(&[busy.thread]);
        if self.is_served(busy.thread) {
            self.served = Instant::now();
        }
        let grace = self.patience.max(LEAST_GRACE);
        if waited >= self.patience + grace && self.served.elapsed() >= grace {
            let ty = &shared.trace.types[busy.kind.load(Ordering::Relaxed) as usize];
            shared.end(End::Failed(ReplayError::NeverReturned {
                plugin: ty.call.as_ref().map_or("", |call| call.plugin),
                record: busy.record.load(Ordering::Relaxed) as i64,
                call: ty.name.clone(),
                waited,
            }));
        }
    }

    /// Whether the kernel works for `thread`: it waits for a disk, or has used more of the CPU in the
    /// kernel than in its own code since this was last asked.
    fn is_served(&mut self, thread: i32) -> bool {
        let Some((state, used)) = state_of(thread) else { return false };
        let before = std::mem::replace(&mut self.used, used);
        let (user, system) =
            (used.user.saturating_sub(before.user), used.system.saturating_sub(before.system));
        state == 'D' || (state == 'R' && system > user)
    }
}

/// What the kernel says of one of our threads.
fn state_of(thread: i32) -> Option<(char, Used)> {
    let text = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).ok()?;
    let fields: Vec<&str> = fields(&text)?.collect();
    let ticks = |field: usize| fields.get(field)?.parse().ok();
    Some((fields.first()?.chars().next()?, Used { user: ticks(11)?, system: ticks(12)? }))
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
