//! Whose turn it is: the position in the trace up to which everything has been replayed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Looks at the position again this often before sleeping: on another CPU a short call is over sooner
/// than a thread could sleep and be woken.
const SPINS: u32 = 200;

/// A call that is in the kernel for longer than this is taken to wait for another one there.
const STUCK: Duration = Duration::from_micros(200);

/// The replay was stopped while somebody waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// The position of the record whose turn it is, and who sleeps until theirs.
///
/// Everything before the position has been replayed. A thread passes the turn on when its record is
/// done; that wakes those who wait for the new position.
#[derive(Debug)]
pub struct Turn {
    position: AtomicU64,
    /// The lowest position that somebody sleeps for.
    wanted: AtomicU64,
    sleepers: Mutex<BTreeMap<u64, Vec<Thread>>>,
    /// Threads that wait with calls which overlapped others.
    overlapping: Mutex<Vec<Thread>>,
    overlapping_count: AtomicUsize,
    /// The position whose call said that it would wait in the kernel.
    yielded: AtomicU64,
    is_stopped: AtomicBool,
    /// Threads in calls that may wait for others, by position.
    in_kernel: Mutex<BTreeMap<u64, i32>>,
    spins: u32,
}

impl Turn {
    /// It is the first record's turn.
    pub fn new() -> Self {
        let has_other_cpus = thread::available_parallelism().is_ok_and(|count| count.get() > 1);
        Self {
            position: AtomicU64::new(0),
            wanted: AtomicU64::new(u64::MAX),
            sleepers: Mutex::default(),
            overlapping: Mutex::default(),
            overlapping_count: AtomicUsize::new(0),
            yielded: AtomicU64::new(u64::MAX),
            is_stopped: AtomicBool::new(false),
            in_kernel: Mutex::default(),
            spins: if has_other_cpus { SPINS } else { 0 },
        }
    }

    /// The position of the record whose turn it is.
    #[inline]
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Acquire)
    }

    /// Whether somebody stopped the replay.
    pub fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Acquire)
    }

    /// Waits until everything before `position` has been replayed.
    ///
    /// # Errors
    /// The replay was stopped.
    #[inline]
    pub fn wait_for(&self, position: u64) -> Result<(), Stopped> {
        if self.position() >= position {
            return if self.is_stopped() { Err(Stopped) } else { Ok(()) };
        }
        self.sleep(position)
    }

    /// Waits until the record at `position` may be entered: when its turn has come, or when all before
    /// `ready_at` are done (it overlapped the others) and the call whose turn it is waits in the kernel,
    /// for this one perhaps.
    ///
    /// # Errors
    /// The replay was stopped.
    #[inline]
    pub fn wait_to_enter(&self, position: u64, ready_at: u64) -> Result<(), Stopped> {
        if ready_at >= position || self.position() >= position {
            return self.wait_for(position);
        }
        self.wait_for(ready_at)?;
        lock(&self.overlapping).push(thread::current());
        self.overlapping_count.fetch_add(1, Ordering::SeqCst);
        let waited = self.wait_overlapping(position);
        self.overlapping_count.fetch_sub(1, Ordering::SeqCst);
        let me = thread::current().id();
        let mut overlapping = lock(&self.overlapping);
        if let Some(index) = overlapping.iter().position(|thread| thread.id() == me) {
            overlapping.swap_remove(index);
        }
        waited
    }

    fn wait_overlapping(&self, position: u64) -> Result<(), Stopped> {
        loop {
            let before = self.position();
            if self.yielded.load(Ordering::SeqCst) == before
                || self.wait_until(position, Some(Instant::now() + STUCK), || self.is_yielded())?
                || self.is_yielded()
                || (self.in_kernel().is_some() && self.position() == before)
            {
                return Ok(());
            }
        }
    }

    fn is_yielded(&self) -> bool {
        self.yielded.load(Ordering::SeqCst) == self.position()
    }

    /// Whether somebody waits whose call overlapped others.
    #[inline]
    pub fn has_overlapping(&self) -> bool {
        self.overlapping_count.load(Ordering::SeqCst) > 0
    }

    /// The call at `position`, whose turn it is, is going to wait in the kernel: those that overlapped it
    /// need wait no longer.
    pub fn yield_to_overlapping(&self, position: u64) {
        self.yielded.store(position, Ordering::SeqCst);
        for thread in lock(&self.overlapping).iter() {
            thread.unpark();
        }
    }

    /// As [`Self::wait_for`], no longer than `most`; false if the time was up before.
    ///
    /// # Errors
    /// The replay was stopped.
    pub fn wait_up_to(&self, position: u64, most: Duration) -> Result<bool, Stopped> {
        self.wait_until(position, Some(Instant::now() + most), || false)
    }

    fn sleep(&self, position: u64) -> Result<(), Stopped> {
        self.wait_until(position, None, || false).map(drop)
    }

    /// Waits for `position`, until the time is up, or until `is_enough`; false if not for `position`.
    fn wait_until(
        &self,
        position: u64,
        until: Option<Instant>,
        is_enough: impl Fn() -> bool,
    ) -> Result<bool, Stopped> {
        for _ in 0..self.spins {
            if self.position() >= position {
                return if self.is_stopped() { Err(Stopped) } else { Ok(true) };
            }
            std::hint::spin_loop();
        }
        {
            let mut sleepers = self.sleepers();
            sleepers.entry(position).or_default().push(thread::current());
            self.wanted.fetch_min(position, Ordering::SeqCst);
        }
        // Whoever passes the turn stores the position before it looks at `wanted`; so one of the two
        // sees the other.
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
        let mut sleepers = self.sleepers();
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

    /// The record before `position` is done: it is the turn of that at `position`.
    #[inline]
    pub fn pass(&self, position: u64) {
        self.position.store(position, Ordering::SeqCst);
        if self.wanted.load(Ordering::SeqCst) <= position {
            self.wake(position);
        }
    }

    #[cold]
    fn wake(&self, position: u64) {
        let mut sleepers = self.sleepers();
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
        for thread in std::mem::take(&mut *self.sleepers()).into_values().flatten() {
            thread.unpark();
        }
    }

    /// `thread` enters the call at `position`, which may wait for others.
    pub fn enter_kernel(&self, position: u64, thread: i32) {
        lock(&self.in_kernel).insert(position, thread);
    }

    /// The call at `position` is over.
    pub fn leave_kernel(&self, position: u64) {
        lock(&self.in_kernel).remove(&position);
    }

    /// The thread whose turn it is, if it is in a call that may wait for others.
    pub fn in_kernel(&self) -> Option<i32> {
        lock(&self.in_kernel).get(&self.position()).copied()
    }

    fn sleepers(&self) -> MutexGuard<'_, BTreeMap<u64, Vec<Thread>>> {
        lock(&self.sleepers)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// Threads that take every `count`th turn each.
    #[test]
    fn turns_are_taken_in_order() {
        let (turn, count, rounds) = (Arc::new(Turn::new()), 4, 200);
        let order = Arc::new(Mutex::new(Vec::new()));
        let threads: Vec<_> = (0..count)
            .map(|number| {
                let (turn, order) = (turn.clone(), order.clone());
                thread::spawn(move || {
                    for round in 0..rounds {
                        let position = round * count + number;
                        turn.wait_for(position).expect("nobody stops it");
                        order.lock().expect("nobody panics").push(position);
                        turn.pass(position + 1);
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
        let turn = Arc::new(Turn::new());
        let waiters: Vec<_> = (1..4)
            .map(|position| {
                let turn = turn.clone();
                thread::spawn(move || turn.wait_for(position))
            })
            .collect();
        turn.stop();
        for waiter in waiters {
            assert_eq!(waiter.join().expect("nobody panics"), Err(Stopped));
        }
    }

    #[test]
    fn a_wait_ends_when_its_time_is_up() {
        let turn = Turn::new();
        assert_eq!(turn.wait_up_to(1, Duration::from_millis(1)), Ok(false));
        turn.pass(1);
        assert_eq!(turn.wait_up_to(1, Duration::ZERO), Ok(true));
    }
}
