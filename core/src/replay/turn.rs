//! Up to where the trace has been replayed; in strict order, whose turn it is.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::ops::{Deref, Range, RangeBounds};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread::{self, Thread};

use crate::replay::progress::{Progress, Stopped, lock};

/// The position up to which everything has been replayed.
///
/// In strict order that is the position of the record whose turn it is: its thread passes the turn on when
/// the record is done. In other orders records are done in any order, and the position follows.
#[derive(Debug)]
pub struct Turn {
    progress: Progress,
    /// Positions that were done before earlier ones: from the first, up to the second.
    ahead: Mutex<BinaryHeap<Reverse<(u64, u64)>>>,
    ahead_count: AtomicUsize,
    /// Calls that may wait for others, by position.
    in_kernel: Mutex<BTreeMap<u64, InKernel>>,
    /// How many of them wait.
    waiting: AtomicUsize,
    /// Threads that go on if a call waits in the kernel, and how many they are.
    interested: Mutex<Vec<Thread>>,
    interested_count: AtomicUsize,
    /// The thread that looks whether calls wait.
    sentry: OnceLock<Thread>,
    is_sentry_dismissed: AtomicBool,
}

/// A call that may wait for others.
#[derive(Clone, Copy, Debug)]
struct InKernel {
    /// The kernel's id of its thread.
    thread: i32,
    /// Whether it does.
    waits: bool,
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
            ahead_count: AtomicUsize::new(0),
            in_kernel: Mutex::default(),
            waiting: AtomicUsize::new(0),
            interested: Mutex::default(),
            interested_count: AtomicUsize::new(0),
            sentry: OnceLock::new(),
            is_sentry_dismissed: AtomicBool::new(false),
        }
    }

    /// The record before `position`, whose turn it was, is done.
    #[inline]
    pub fn pass(&self, position: u64) {
        self.advance(position);
        if self.ahead_count.load(Ordering::SeqCst) > 0 {
            self.skip_ahead(&mut lock(&self.ahead));
        }
    }

    /// The record at `position` is done, whatever came of earlier ones.
    pub fn complete(&self, position: u64) {
        self.complete_all(position..position + 1);
    }

    /// The records at `positions` are done, whatever came of earlier ones.
    pub fn complete_all(&self, positions: Range<u64>) {
        let mut ahead = lock(&self.ahead);
        ahead.push(Reverse((positions.start, positions.end)));
        // Whoever advances does so before looking at the count; so one of the two sees the other.
        self.ahead_count.store(ahead.len(), Ordering::SeqCst);
        self.skip_ahead(&mut ahead);
    }

    /// Advances over those that were done before their turn came.
    fn skip_ahead(&self, ahead: &mut BinaryHeap<Reverse<(u64, u64)>>) {
        let position = self.position();
        let mut next = position;
        while let Some(Reverse((start, end))) = ahead.peek().copied()
            && start == next
        {
            ahead.pop();
            next = end;
        }
        self.ahead_count.store(ahead.len(), Ordering::SeqCst);
        if next > position {
            self.advance(next);
        }
    }

    #[inline]
    fn advance(&self, position: u64) {
        self.progress.pass(position);
        if self.is_somebody_interested()
            && self.waiting.load(Ordering::SeqCst) > 0
            && self.waits_in_kernel(position..=position)
        {
            self.wake_interested();
        }
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
        self.wait_or_enter(&self.progress, position, || {
            let position = self.position();
            self.waits_in_kernel(position..=position)
        })
    }

    /// Waits until `progress` is at `count`, or until a call at one of `positions` waits in the kernel.
    ///
    /// # Errors
    /// The replay was stopped.
    pub fn wait_for_other(
        &self,
        progress: &Progress,
        count: u64,
        positions: Range<u64>,
    ) -> Result<(), Stopped> {
        if progress.position() >= count {
            return progress.wait_for(count);
        }
        self.wait_or_enter(progress, count, || self.waits_in_kernel(positions.clone()))
    }

    /// Waits until `progress` is at `count`, or until it `is_enough` that some call waits in the kernel.
    fn wait_or_enter(
        &self,
        progress: &Progress,
        count: u64,
        is_enough: impl Fn() -> bool,
    ) -> Result<(), Stopped> {
        lock(&self.interested).push(thread::current());
        self.interested_count.fetch_add(1, Ordering::SeqCst);
        if !lock(&self.in_kernel).is_empty() {
            self.call_sentry();
        }
        let waited = progress.wait_until(count, is_enough);
        self.interested_count.fetch_sub(1, Ordering::SeqCst);
        let me = thread::current().id();
        let mut interested = lock(&self.interested);
        if let Some(index) = interested.iter().position(|thread| thread.id() == me) {
            interested.swap_remove(index);
        }
        waited.map(drop)
    }

    /// Whether somebody would go on if a call waited in the kernel.
    #[inline]
    pub fn is_somebody_interested(&self) -> bool {
        self.interested_count.load(Ordering::SeqCst) > 0
    }

    fn wake_interested(&self) {
        for thread in lock(&self.interested).iter() {
            thread.unpark();
        }
    }

    /// `thread` enters the call at `position`, which may wait for others.
    pub fn enter_kernel(&self, position: u64, thread: i32) {
        lock(&self.in_kernel).insert(position, InKernel { thread, waits: false });
        if self.is_somebody_interested() {
            self.call_sentry();
        }
    }

    /// The call at `position` is over.
    pub fn leave_kernel(&self, position: u64) {
        let left = lock(&self.in_kernel).remove(&position);
        if left.is_some_and(|call| call.waits) {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// The call at `position` waits in the kernel, or is going to: those who overlapped it need wait for it no longer.
    pub fn waits(&self, position: u64) {
        if let Some(call) = lock(&self.in_kernel).get_mut(&position)
            && !std::mem::replace(&mut call.waits, true)
        {
            self.waiting.fetch_add(1, Ordering::SeqCst);
        }
        self.wake_interested();
    }

    /// Whether a call at one of `positions` waits in the kernel.
    fn waits_in_kernel(&self, positions: impl RangeBounds<u64>) -> bool {
        lock(&self.in_kernel).range(positions).any(|(_, call)| call.waits)
    }

    /// Whether a call before `position` may wait for others.
    pub fn is_in_kernel_before(&self, position: u64) -> bool {
        lock(&self.in_kernel).range(..position).next().is_some()
    }

    /// Calls that may wait, and aren't known to: their positions and threads.
    pub fn suspects(&self) -> Vec<(u64, i32)> {
        let in_kernel = lock(&self.in_kernel);
        let suspects = in_kernel.iter().filter(|(_, call)| !call.waits);
        suspects.map(|(position, call)| (*position, call.thread)).collect()
    }

    /// This thread looks whether calls wait.
    pub fn be_sentry(&self) {
        // There is one.
        let _ = self.sentry.set(thread::current());
    }

    /// Nobody will need it any more.
    pub fn dismiss_sentry(&self) {
        self.is_sentry_dismissed.store(true, Ordering::SeqCst);
        self.call_sentry();
    }

    /// Whether somebody said so.
    pub fn is_sentry_dismissed(&self) -> bool {
        self.is_sentry_dismissed.load(Ordering::SeqCst)
    }

    /// There may be something for it to look at.
    fn call_sentry(&self) {
        if let Some(sentry) = self.sentry.get() {
            sentry.unpark();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn who_overlapped_a_call_that_waits_goes_on() {
        let turn = Arc::new(Turn::new());
        turn.enter_kernel(0, 1);
        let of_thread = turn.clone();
        let waiter = thread::spawn(move || of_thread.wait_to_enter(2, 0));
        while !turn.is_somebody_interested() {
            thread::yield_now();
        }
        assert_eq!(turn.suspects(), [(0, 1)]);
        turn.waits(0);
        assert_eq!(waiter.join().expect("nobody panics"), Ok(()));
        assert!(turn.suspects().is_empty() && !turn.is_somebody_interested());
        assert_eq!(turn.position(), 0);
    }

    /// It was entered before its turn, and waits already when that comes.
    #[test]
    fn a_call_that_waits_lets_others_go_on_when_its_turn_comes() {
        let turn = Arc::new(Turn::new());
        turn.enter_kernel(1, 1);
        turn.waits(1);
        let of_thread = turn.clone();
        let waiter = thread::spawn(move || of_thread.wait_to_enter(2, 0));
        while !turn.is_somebody_interested() {
            thread::yield_now();
        }
        assert!(!waiter.is_finished());
        turn.pass(1);
        assert_eq!(waiter.join().expect("nobody panics"), Ok(()));
    }

    #[test]
    fn records_may_be_done_in_any_order() {
        let turn = Turn::new();
        for (position, done) in [(2, 0), (1, 0), (0, 3), (4, 3), (3, 5)] {
            turn.complete(position);
            assert_eq!(turn.position(), done);
        }
        turn.complete_all(6..9);
        turn.complete_all(9..9);
        assert_eq!(turn.position(), 5);
        turn.complete_all(5..6);
        assert_eq!(turn.position(), 9);
    }

    /// Threads that have the turn, and others whose records are done at any time.
    #[test]
    fn turns_and_records_that_need_none_make_one_order() {
        const RECORDS: u64 = 20_000;
        let turn = Arc::new(Turn::new());
        let threads = (0..4_u64).map(|number| {
            let turn = turn.clone();
            thread::spawn(move || {
                for position in (0..RECORDS).filter(|position| position % 4 == number) {
                    if position % 3 == 0 {
                        turn.complete(position);
                    } else {
                        turn.wait_for(position).expect("nobody stops it");
                        assert_eq!(turn.position(), position);
                        turn.pass(position + 1);
                    }
                }
            })
        });
        for thread in threads.collect::<Vec<_>>() {
            thread.join().expect("nobody panics");
        }
        assert_eq!(turn.position(), RECORDS);
    }
}
