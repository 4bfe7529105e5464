//! What all replaying threads share, and how the turn goes from one to the next.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::Sender;

use crate::replay::feed::{Cursor, Feed, Loaded};
use crate::replay::{Options, ReplayError};
use crate::report::Tally;
use crate::trace::{Trace, TraceError};

/// What a task's thread is told.
#[derive(Debug)]
pub enum Message {
    /// The turn is yours, from here on.
    Turn(Cursor),
    /// Make this one call of yours: the one whose turn it is waits for it.
    Ahead(Cursor),
    /// It is over.
    Stop,
}

/// What the main thread is told.
#[derive(Debug)]
pub enum Event {
    /// A line for people.
    Say(String),
    /// A line for people, even for those who want quiet.
    Insist(String),
    /// The turn is a task's of which nobody knew.
    Begin {
        /// Its number.
        task: u32,
        /// Where its turn begins.
        cursor: Cursor,
    },
    /// A thread is done, with its counts by record type.
    Finished {
        /// The task.
        task: u32,
        /// What it counted.
        tallies: Vec<Tally>,
        /// The turn, which goes on elsewhere; none if it is elsewhere already.
        turn: Option<Cursor>,
    },
    /// The replay ends.
    End(End),
}

/// How a replay ends.
#[derive(Debug)]
pub enum End {
    /// With the last record.
    Whole,
    /// At a divergence.
    Diverged,
    /// It can't go on.
    Failed(ReplayError),
}

/// What others can see of a task.
#[derive(Debug, Default)]
pub struct Status {
    /// The kernel's id of its thread; 0 before it runs.
    pub thread: AtomicI32,
    /// Position of the record whose call it is making, plus 1; 0 if it is making none.
    pub in_call: AtomicU64,
}

/// A task from outside.
#[derive(Clone, Debug)]
pub struct TaskHandle {
    /// Where it takes messages.
    pub mailbox: Sender<Message>,
    /// What can be seen of it.
    pub status: Arc<Status>,
}

/// What all replaying threads share.
#[derive(Debug)]
pub struct Shared {
    /// The trace.
    pub trace: Trace,
    /// What was asked for.
    pub options: Options,
    /// Whether the process has changed its root.
    pub is_rooted: bool,
    /// To the main thread.
    pub events: Sender<Event>,
    /// The records.
    pub feed: Mutex<Feed>,
    /// Tasks that live, by number.
    pub tasks: Mutex<HashMap<u32, TaskHandle>>,
    /// Position of the record whose turn it is.
    pub position: AtomicU64,
    /// The task whose turn it is.
    pub holder: AtomicU32,
    /// Records of each type so far.
    pub seen: Box<[AtomicU64]>,
    /// Divergences that people were told of.
    pub told: AtomicU64,
}

/// The lock, whoever broke down while holding it: that ends the replay in another way.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Tells the main thread. If it has gone, there is nothing left to tell.
    pub fn tell(&self, event: Event) {
        let _ = self.events.send(event);
    }

    /// The batch that starts at `position`.
    pub fn batch_at(&self, position: u64) -> Result<Option<Loaded>, TraceError> {
        lock(&self.feed).at(position)
    }

    /// Where the turn goes at `cursor`, and whose it is there; none if the replay ends there, which
    /// the main thread is then told.
    pub fn due(&self, mut cursor: Cursor) -> Option<(u32, Cursor)> {
        loop {
            if let Some((_, record)) = cursor.record() {
                return Some((record.task, cursor));
            }
            match self.batch_at(cursor.position()) {
                Ok(Some(loaded)) => cursor = Cursor::start(loaded),
                Ok(None) => {
                    self.tell(Event::End(End::Whole));
                    return None;
                }
                Err(error) => {
                    self.tell(Event::End(End::Failed(error.into())));
                    return None;
                }
            }
        }
    }

    /// Gives the turn to `task`.
    pub fn hand_on(&self, task: u32, cursor: Cursor) {
        let handle = lock(&self.tasks).get(&task).cloned();
        match handle {
            Some(handle) => {
                // A thread that broke down has told so itself.
                let _ = handle.mailbox.send(Message::Turn(cursor));
            }
            None => self.tell(Event::Begin { task, cursor }),
        }
    }

    /// Counts a record of type `kind`; returns how many came before it.
    #[inline]
    pub fn count(&self, kind: usize) -> u64 {
        self.seen[kind].fetch_add(1, Ordering::Relaxed)
    }
}
