//! What the tracer and the merger have in common.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use super::arena::{Arena, MOST_AREAS};
use super::clock::Clock;
use super::x86_64::hook::{self, area};
use crate::event::Batch;

/// The tracer waits while this many bytes of its events wait to be merged.
const MOST_WAITING: usize = 32 << 20;

/// Which areas are used, and by whom.
#[derive(Debug, Default)]
pub struct Areas {
    /// Areas and their threads.
    pub live: Vec<(u32, i32)>,
    /// Those among them whose threads are gone.
    pub closing: Vec<u32>,
    free: Vec<u32>,
    used: u32,
}

/// Events of the tracer.
#[derive(Debug, Default)]
pub struct Inbox {
    /// They wait to be merged.
    pub batches: Vec<Batch>,
    bytes: usize,
}

/// What the tracer and the merger have in common.
#[derive(Debug)]
pub struct Shared {
    /// The memory of all.
    pub arena: Arena,
    areas: Mutex<Areas>,
    inbox: Mutex<Inbox>,
    /// There is room again: in a ring, or in the inbox.
    room: Condvar,
    /// The merger should look.
    wake: (Mutex<bool>, Condvar),
    /// No order id of an event that the tracer is about to hand on is below this.
    bound: AtomicU64,
    clock: Mutex<Clock>,
    /// The tracer is done.
    finished: AtomicBool,
}

/// What somebody who panicked left is as good as it was.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Shared {
    /// Around `arena`, whose first area is for those that must not use one.
    pub fn new(arena: Arena) -> Self {
        Self {
            arena,
            areas: Mutex::new(Areas { used: 1, ..Areas::default() }),
            inbox: Mutex::default(),
            room: Condvar::new(),
            wake: (Mutex::new(false), Condvar::new()),
            bound: AtomicU64::new(u64::MAX),
            clock: Mutex::new(Clock::new()),
            finished: AtomicBool::new(false),
        }
    }

    /// An area for thread `task`, which goes to `entry`; 0 if there are no more.
    pub fn open(&self, task: i32, entry: u64) -> u32 {
        let mut areas = lock(&self.areas);
        let number = match areas.free.pop() {
            Some(number) => number,
            None if areas.used < MOST_AREAS => {
                areas.used += 1;
                areas.used - 1
            }
            None => return 0,
        };
        if self.arena.prepare(number, entry).is_err() {
            areas.free.push(number);
            return 0;
        }
        areas.live.push((number, task));
        number
    }

    /// The thread of area `number` is gone.
    pub fn close(&self, number: u32) {
        lock(&self.areas).closing.push(number);
    }

    /// The areas in use, and which of them are closing.
    pub fn areas(&self) -> (Vec<(u32, i32)>, Vec<u32>) {
        let areas = lock(&self.areas);
        (areas.live.clone(), areas.closing.clone())
    }

    /// Area `number`, which was closing, is empty.
    pub fn free(&self, number: u32) {
        let mut areas = lock(&self.areas);
        areas.live.retain(|(live, _)| *live != number);
        areas.closing.retain(|closing| *closing != number);
        areas.free.push(number);
    }

    /// The tracer begins to look at a stop: the ids that it takes are above the counter.
    pub fn begin(&self) {
        self.bound.store(self.arena.counter().load(Ordering::SeqCst), Ordering::SeqCst);
    }

    /// Some of what comes of it, or all.
    pub fn add(&self, batch: Batch) {
        let mut inbox = lock(&self.inbox);
        inbox.bytes += batch.bytes.len();
        inbox.batches.push(batch);
        if inbox.bytes > MOST_WAITING {
            self.wake();
            let is_full = |inbox: &mut Inbox| {
                inbox.bytes > MOST_WAITING && !self.finished.load(Ordering::SeqCst)
            };
            drop(self.room.wait_while(inbox, is_full));
        }
    }

    /// The tracer is done with it.
    pub fn end(&self) {
        self.bound.store(u64::MAX, Ordering::SeqCst);
    }

    /// The tracer's events so far.
    pub fn take_events(&self) -> Vec<Batch> {
        let mut inbox = lock(&self.inbox);
        inbox.bytes = 0;
        self.room.notify_all();
        std::mem::take(&mut inbox.batches)
    }

    /// No id below this is still to come from the tracer.
    pub fn bound(&self) -> u64 {
        self.bound.load(Ordering::SeqCst)
    }

    /// Waits until the ring of area `number` is half empty, or the merger has given up.
    pub fn wait_for_room(&self, number: u32) {
        let area = self.arena.area(number);
        let used = || area.get(area::HEAD).wrapping_sub(area.get(area::TAIL));
        let mut guard = lock(&self.inbox);
        while used() > hook::RING_SIZE / 2 && used() <= hook::RING_SIZE {
            self.wake();
            let (next, waited) = self
                .room
                .wait_timeout(guard, Duration::from_secs(1))
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            guard = next;
            if waited.timed_out() && self.finished.load(Ordering::SeqCst) {
                break;
            }
        }
    }

    /// The merger took something out of a ring.
    pub fn made_room(&self) {
        let _inbox = lock(&self.inbox);
        self.room.notify_all();
    }

    /// Makes the merger look.
    pub fn wake(&self) {
        *lock(&self.wake.0) = true;
        self.wake.1.notify_one();
    }

    /// Sleeps until that, or for this long.
    pub fn sleep(&self, time: Duration) {
        let guard = lock(&self.wake.0);
        let slept = self.wake.1.wait_timeout_while(guard, time, |woken| !*woken);
        let (mut woken, _) = slept.unwrap_or_else(std::sync::PoisonError::into_inner);
        *woken = false;
    }

    /// There will be no more calls.
    pub fn finish(&self) {
        self.finished.store(true, Ordering::SeqCst);
        self.wake();
    }

    /// Whether there will be no more calls.
    pub fn is_finished(&self) -> bool {
        self.finished.load(Ordering::SeqCst)
    }

    /// The clock, at this moment.
    pub fn clock(&self) -> MutexGuard<'_, Clock> {
        let mut clock = lock(&self.clock);
        clock.look();
        clock
    }
}
