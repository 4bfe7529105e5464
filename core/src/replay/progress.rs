//! How far something has come, and who sleeps until it has come farther.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// A thread that waits looks at the position again this often, as long as it doesn't change, before it sleeps: on another
/// CPU a short call is over sooner than a thread could sleep and be woken, which takes 50 µs on a virtual machine.
const LOOKS: u32 = 1000;

/// It does so only if its turn is no farther away than so many records, and is woken by then.
const NEAR: u64 = 8;

/// The replay was stopped while somebody waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// A position up to which everything is done; on a cache line of its own, for it changes at every record.
#[derive(Debug)]
#[repr(align(128))]
pub struct Progress {
    position: AtomicU64,
    /// The lowest position that somebody sleeps for.
    wanted: AtomicU64,
    sleepers: Mutex<BTreeMap<u64, Vec<Thread>>>,
    is_stopped: AtomicBool,
    /// Threads that look at the position instead of sleeping.
    watchers: AtomicUsize,
    /// How many may: one less than there are CPUs.
    most_watchers: usize,
}

/// The lock, whoever broke down while holding it: that ends the replay in another way.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Progress {
    /// Nothing is done yet.
    pub fn new() -> Self {
        static CPUS: OnceLock<usize> = OnceLock::new();
        let cpus = *CPUS.get_or_init(|| thread::available_parallelism().map_or(1, usize::from));
        Self {
            position: AtomicU64::new(0),
            wanted: AtomicU64::new(u64::MAX),
            sleepers: Mutex::default(),
            is_stopped: AtomicBool::new(false),
            watchers: AtomicUsize::new(0),
            most_watchers: cpus.saturating_sub(1),
        }
    }

    /// Everything before this is done.
    #[inline]
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    /// Whether somebody stopped the replay.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Acquire)
    }

    /// Waits until everything before `position` is done.
    ///
    /// # Errors
    /// The replay was stopped.
    #[inline]
    pub fn wait_for(&self, position: u64) -> Result<(), Stopped> {
        if self.position() >= position {
            return if self.is_stopped() { Err(Stopped) } else { Ok(()) };
        }
        self.wait_until(position, || false).map(drop)
    }

    /// As [`Self::wait_for`], no longer than `most`; false if the time was up before.
    ///
    /// # Errors
    /// The replay was stopped.
    pub fn wait_up_to(&self, position: u64, most: Duration) -> Result<bool, Stopped> {
        self.sleep(position, Some(Instant::now() + most), &|| false)
    }

    /// Waits for `position`, or until `is_enough`, which is asked whenever the thread wakes; false if not for
    /// `position`.
    ///
    /// # Errors
    /// The replay was stopped.
    pub fn wait_until(&self, position: u64, is_enough: impl Fn() -> bool) -> Result<bool, Stopped> {
        let near = position.saturating_sub(NEAR);
        if self.most_watchers > 0
            && self.position() < near
            && !self.sleep(near, None, &is_enough)?
        {
            return Ok(false);
        }
        if self.watch(position) {
            return if self.is_stopped() { Err(Stopped) } else { Ok(true) };
        }
        self.sleep(position, None, &is_enough)
    }

    /// Looks at the position until it is at `position`, if that is near, and as long as it moves; whether it got there.
    fn watch(&self, position: u64) -> bool {
        let mut seen = self.position();
        if position > seen + NEAR {
            return false;
        }
        if self.watchers.fetch_add(1, Ordering::Relaxed) >= self.most_watchers {
            self.watchers.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        let mut left = LOOKS;
        while seen < position && left > 0 {
            std::hint::spin_loop();
            let now = self.position();
            left = if now > seen { LOOKS } else { left - 1 };
            seen = now;
        }
        self.watchers.fetch_sub(1, Ordering::Relaxed);
        seen >= position
    }

    /// Sleeps until `position`, until the time is up, or until `is_enough`; false if not for `position`.
    fn sleep(
        &self,
        position: u64,
        until: Option<Instant>,
        is_enough: &impl Fn() -> bool,
    ) -> Result<bool, Stopped> {
        lock(&self.sleepers).entry(position).or_default().push(thread::current());
        self.wanted.fetch_min(position, Ordering::SeqCst);
        // Whoever goes on stores the position before looking at `wanted`; so one of the two sees the other.
        loop {
            if self.is_stopped() {
                return Err(Stopped);
            }
            if self.position.load(Ordering::SeqCst) >= position {
                self.forget(position);
                return Ok(true);
            }
            if is_enough() {
                self.forget(position);
                return Ok(false);
            }
            let Some(until) = until else {
                thread::park();
                continue;
            };
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.forget(position);
                return Ok(false);
            }
            thread::park_timeout(left);
        }
    }

    /// This thread sleeps for `position` no longer.
    fn forget(&self, position: u64) {
        let mut sleepers = lock(&self.sleepers);
        let me = thread::current().id();
        if let Some(threads) = sleepers.get_mut(&position) {
            threads.retain(|thread| thread.id() != me);
            if threads.is_empty() {
                sleepers.remove(&position);
            }
        }
        self.renew_wanted(&sleepers);
    }

    fn renew_wanted(&self, sleepers: &BTreeMap<u64, Vec<Thread>>) {
        let lowest = sleepers.first_key_value().map_or(u64::MAX, |(position, _)| *position);
        self.wanted.store(lowest, Ordering::SeqCst);
    }

    /// Everything before `position` is done.
    #[inline]
    pub fn pass(&self, position: u64) {
        self.position.store(position, Ordering::SeqCst);
        if self.wanted.load(Ordering::SeqCst) <= position {
            self.wake(position);
        }
    }

    #[cold]
    fn wake(&self, position: u64) {
        let mut sleepers = lock(&self.sleepers);
        while let Some(first) = sleepers.first_entry().filter(|entry| *entry.key() <= position) {
            for thread in first.remove() {
                thread.unpark();
            }
        }
        self.renew_wanted(&sleepers);
    }

    /// Lets nobody wait any more.
    pub fn stop(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        for thread in std::mem::take(&mut *lock(&self.sleepers)).into_values().flatten() {
            thread.unpark();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// Threads that take every `count`th turn each.
    #[test]
    fn turns_are_taken_in_order() {
        let (progress, count, rounds) = (Arc::new(Progress::new()), 4, 200);
        let order = Arc::new(Mutex::new(Vec::new()));
        let threads: Vec<_> = (0..count)
            .map(|number| {
                let (progress, order) = (progress.clone(), order.clone());
                thread::spawn(move || {
                    for round in 0..rounds {
                        let position = round * count + number;
                        progress.wait_for(position).expect("nobody stops it");
                        order.lock().expect("nobody panics").push(position);
                        progress.pass(position + 1);
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("nobody panics");
        }
        let expected: Vec<_> = (0..count * rounds).collect();
        assert_eq!(*order.lock().expect("nobody panics"), expected);
    }

    #[test]
    fn a_stop_wakes_everybody() {
        let progress = Arc::new(Progress::new());
        let waiters: Vec<_> = (1..4)
            .map(|position| {
                let progress = progress.clone();
                thread::spawn(move || progress.wait_for(position))
            })
            .collect();
        progress.stop();
        for waiter in waiters {
            assert_eq!(waiter.join().expect("nobody panics"), Err(Stopped));
        }
    }

    #[test]
    fn a_wait_ends_when_its_time_is_up() {
        let progress = Progress::new();
        assert_eq!(progress.wait_up_to(1, Duration::from_millis(1)), Ok(false));
        progress.pass(1);
        assert_eq!(progress.wait_up_to(1, Duration::ZERO), Ok(true));
    }
}
