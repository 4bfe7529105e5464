//! Up to where the trace has been replayed; in strict order, whose turn it is.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Deref;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::replay::progress::{Progress, Stopped, lock};

/// A call that is in the kernel for longer than this is taken to wait for another one there.
pub const STUCK: Duration = Duration::from_micros(200);

/// The position up to which everything has been replayed.
///
/// In strict order that is the position of the record whose turn it is: its thread passes the turn on when
/// the record is done. In other orders records are done in any order, and the position follows.
#[derive(Debug)]
pub struct Turn {
    progress: Progress,
    /// Positions that were done before earlier ones.
    ahead: Mutex<BinaryHeap<Reverse<u64>>>,
    /// Threads that wait with calls which overlapped others.
    overlapping: Mutex<Vec<Thread>>,
    overlapping_count: AtomicUsize,
    /// The position whose call said that it would wait in the kernel.
    yielded: AtomicU64,
    /// Threads in calls that may wait for others, by position.
    in_kernel: Mutex<BTreeMap<u64, i32>>,
}

impl Deref for Turn {
    type Target = Progress;

    fn deref(&self) -> &Progress {
        &self.progress
    }
}

impl Turn {
    /// It is the first record's turn.
    pub fn new() -> Self {
        Self {
            progress: Progress::new(),
            ahead: Mutex::default(),
            overlapping: Mutex::default(),
            overlapping_count: AtomicUsize::new(0),
            yielded: AtomicU64::new(u64::MAX),
            in_kernel: Mutex::default(),
        }
    }

    /// The record at `position` is done, whatever came of earlier ones.
    pub fn complete(&self, position: u64) {
        let mut ahead = lock(&self.ahead);
        if position != self.position() {
            ahead.push(Reverse(position));
            return;
        }
        let mut next = position + 1;
        while ahead.peek() == Some(&Reverse(next)) {
            ahead.pop();
            next += 1;
        }
        self.pass(next);
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
        let is_yielded = || self.yielded.load(Ordering::SeqCst) == self.position();
        loop {
            let before = self.position();
            if is_yielded()
                || self.wait_until(position, Some(Instant::now() + STUCK), is_yielded)?
                || is_yielded()
                || (self.in_kernel().is_some() && self.position() == before)
            {
                return Ok(());
            }
        }
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

    /// Whether the record at `position` is in a call that may wait for others.
    pub fn is_in_kernel(&self, position: u64) -> bool {
        lock(&self.in_kernel).contains_key(&position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_may_be_done_in_any_order() {
        let turn = Turn::new();
        for (position, done) in [(2, 0), (1, 0), (0, 3), (4, 3), (3, 5)] {
            turn.complete(position);
            assert_eq!(turn.position(), done);
        }
    }
}
