//! What all replaying threads share.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use crossbeam_channel::Sender;
use nix::sys::signal::Signal;

use crate::guard::{FsChanges, OwnDescriptors};
use crate::record::{Record, What};
use crate::replay::copy::Recording;
use crate::replay::descriptors::Files;
use crate::replay::gate::ReadOnly;
use crate::replay::hints;
use crate::replay::holders::Holders;
use crate::replay::host::{Hosts, Known};
use crate::replay::net::Network;
use crate::replay::proc::Proc;
use crate::replay::progress::lock;
use crate::replay::rights::Rights;
use crate::replay::tasks::Tasks;
use crate::replay::turn::Turn;
use crate::replay::watch::BusyThreads;
use crate::replay::{Options, ReplayError};
use crate::report::Log;
use crate::trace::Trace;

/// What the main thread is told.
#[derive(Debug)]
pub enum Event {
    /// Everything is read.
    Read(crate::replay::reader::ReadOut),
    /// The replay ends before the trace does.
    End(End),
}

/// Why a replay ends before its trace does.
#[derive(Debug)]
pub enum End {
    /// A divergence, where that was asked for.
    Diverged,
    /// It can't go on.
    Failed(ReplayError),
    /// Somebody sent this signal.
    Interrupted(Signal),
}

/// What all replaying threads share.
pub struct Shared {
    /// The trace.
    pub trace: Arc<Trace>,
    /// Where records go that are done, if the replay is recorded.
    pub copy: Option<Recording>,
    /// What was asked for.
    pub options: Options,
    /// Whether the process has changed its root.
    pub is_rooted: bool,
    /// Where descriptors by name are looked up then.
    pub proc: Option<Arc<Proc>>,
    /// Whose rights the replay has.
    pub rights: Rights,
    /// Its network, if it has one.
    pub network: Option<Arc<Network>>,
    /// Which calls are made, if the replay is to change nothing.
    pub read_only: Option<ReadOnly>,
    /// Rows of the trace that are read so far, and the records that they made.
    pub read: [AtomicU64; 2],
    /// The functions that plugins call.
    pub hosts: Hosts,
    /// Whose turn it is.
    pub turn: Arc<Turn>,
    /// The tasks.
    pub tasks: Tasks,
    /// Memories that tasks have so far.
    pub memories: AtomicU32,
    /// What plugins tell one another.
    pub known: Known,
    /// Who has which descriptors.
    pub holders: Arc<Holders>,
    /// The replayer's own descriptors, which plugins leave alone.
    pub own: OwnDescriptors,
    /// Changes of working directories and umasks.
    pub fs_changes: FsChanges,
    /// In which records threads are.
    pub busy: BusyThreads,
    /// Plugins that aren't asked any more.
    pub given_up: GivenUp,
    /// Descriptors of the first process.
    pub files: Files,
    /// To the main thread.
    pub events: Sender<Event>,
    /// When the replay began.
    pub start: Instant,
    /// The time of the trace's first call, once it is known.
    pub first_time: OnceLock<i64>,
    /// The time at which the last call so far returned.
    pub last_time: AtomicI64,
    /// Lines for people.
    pub log: Arc<Log>,
    /// Of each record type, whether its first call was announced.
    pub seen: Box<[AtomicBool]>,
    /// Whether calls that aren't made needn't wait for their turn; see [`Self::is_idle`].
    pub passes_idle: bool,
    /// Whether nobody wants to know more of a call that comes out as recorded than that it does.
    pub passes_plain: bool,
    /// Whether tasks say what they have done when a batch of records is done, rather than at each record: where
    /// nobody waits for exact positions, threads that have nothing in common needn't meet at one.
    pub tells_by_batch: bool,
    /// Divergences that people were told of.
    pub told: AtomicU64,
    /// Errors that were explained to them; see [`crate::replay::hints`].
    pub explained: AtomicU64,
}

impl Shared {
    /// Whether `record` is of a call that changes the working directory, the root or the umask.
    pub fn changes_fs(&self, record: &Record) -> bool {
        let What::Call(kind) = record.what else { return false };
        self.trace.types[kind as usize].call.as_ref().is_some_and(|call| call.changes_fs)
    }

    /// Whether `record` may be passed over at any time: it leaves nothing behind, and nobody looks.
    #[inline]
    pub fn is_idle(&self, record: &Record) -> bool {
        let What::Call(kind) = record.what else { return false };
        self.passes_idle && self.trace.types[kind as usize].is_idle
    }

    /// Ends the replay before the trace does.
    pub fn end(&self, end: End) {
        // If the main thread has gone, there is nothing left to end.
        let _ = self.events.send(Event::End(end));
        self.stop();
    }

    /// Lets nobody wait for anything any more.
    pub fn stop(&self) {
        self.turn.stop();
        self.tasks.stop();
    }

    /// A number for a memory that nobody had before.
    pub fn new_memory(&self) -> u32 {
        self.memories.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What to do about `error`, the first time that it comes.
    pub fn explain(&self, error: i32) -> Option<String> {
        let bit = hints::bit(error)?;
        let before = self.explained.fetch_or(bit, Ordering::Relaxed);
        if before & bit == 0 { hints::hint(error) } else { None }
    }

    /// Whether this is the first call of record type `kind`.
    #[inline]
    pub fn is_first(&self, kind: usize) -> bool {
        !self.seen[kind].load(Ordering::Relaxed) && !self.seen[kind].swap(true, Ordering::Relaxed)
    }
}

/// Plugins that misbehaved, and that aren't asked any more.
#[derive(Debug, Default)]
pub struct GivenUp {
    are_any: AtomicBool,
    names: Mutex<BTreeSet<&'static str>>,
}

impl GivenUp {
    /// Plugin `name` isn't asked any more.
    pub fn add(&self, name: &'static str) {
        lock(&self.names).insert(name);
        self.are_any.store(true, Ordering::Release);
    }

    /// Whether plugin `name` is one of them.
    #[inline]
    pub fn has(&self, name: &str) -> bool {
        self.are_any.load(Ordering::Acquire) && lock(&self.names).contains(name)
    }
}

/// Ends the replay if the thread that has it panics.
pub struct EndOnPanic<'s>(pub &'s Shared);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.end(End::Failed(ReplayError::BrokeDown));
        }
    }
}
