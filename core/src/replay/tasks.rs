//! The threads that stand for the trace's tasks.
//!
//! A task's thread is started by the thread that stands for its parent, so that the kernel gives it what
//! the parent has: the table of descriptors, and the working directory, root and umask. What the child
//! doesn't share it takes a copy of, with `unshare(2)`, before the parent goes on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, bounded};
use nix::sched::{CloneFlags, unshare};

use crate::replay::ReplayError;
use crate::replay::descriptors::Files;
use crate::replay::host::Identity;
use crate::replay::pace::Lateness;
use crate::replay::progress::{Progress, lock};
use crate::replay::reader::Segment;
use crate::replay::shared::{EndOnPanic, Shared};
use crate::replay::task::Task;
use crate::report::Tally;
use crate::results::Stats;

/// A task that is about to start.
#[derive(Debug)]
pub struct Birth {
    /// The kernel's id of it in the trace.
    pub id: i32,
    /// The number of its memory.
    pub memory: u32,
    /// How many of its records are done.
    pub progress: Arc<Progress>,
    /// Its descriptors.
    pub files: Files,
    /// What it has for itself, where that isn't all shared with the thread that starts it.
    pub own: Option<CloneFlags>,
}

/// A task that some call will create.
#[derive(Debug)]
pub struct Expected {
    /// The kernel's id of it in the trace.
    pub id: i32,
    /// How many of its records are done.
    pub progress: Arc<Progress>,
    /// Its records.
    pub segments: Receiver<Segment>,
}

/// What a thread counted.
#[derive(Debug, Default)]
pub struct Counted {
    /// By record type.
    pub tallies: Vec<Tally>,
    /// How late its calls were, where they have times.
    pub lateness: Option<Lateness>,
    /// What its calls did and how long they took, where that is counted.
    pub stats: Option<Stats>,
}

/// The tasks' threads.
#[derive(Debug, Default)]
pub struct Tasks {
    /// Tasks that some call will create.
    expected: Mutex<HashMap<u32, Expected>>,
    threads: Mutex<Vec<JoinHandle<Counted>>>,
    /// How far each task has come.
    progress: Mutex<Vec<Arc<Progress>>>,
    /// Kernel ids of the threads that run.
    running: Mutex<Vec<i32>>,
}

impl Tasks {
    /// Task `number` will be created by a call.
    pub fn expect(&self, number: u32, expected: Expected) {
        lock(&self.expected).insert(number, expected);
    }

    /// Task `number` is created now.
    pub fn take(&self, number: u32) -> Option<Expected> {
        lock(&self.expected).remove(&number)
    }

    /// A new task's progress.
    pub fn add_progress(&self) -> Arc<Progress> {
        let progress = Arc::new(Progress::new());
        lock(&self.progress).push(progress.clone());
        progress
    }

    /// Lets nobody wait for a task any more.
    pub fn stop(&self) {
        lock(&self.progress).iter().for_each(|progress| progress.stop());
    }

    /// Threads that were started and not joined yet.
    pub fn threads(&self) -> Vec<JoinHandle<Counted>> {
        std::mem::take(&mut *lock(&self.threads))
    }

    /// Kernel ids of the threads that run.
    pub fn running(&self) -> Vec<i32> {
        lock(&self.running).clone()
    }
}

/// Keeps the list of running threads.
struct Running<'s> {
    shared: &'s Shared,
    thread: i32,
}

impl<'s> Running<'s> {
    fn new(shared: &'s Shared) -> Self {
        let thread = nix::unistd::gettid().as_raw();
        lock(&shared.tasks.running).push(thread);
        Self { shared, thread }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        lock(&self.shared.tasks.running).retain(|thread| *thread != self.thread);
    }
}

/// Starts the thread of a task, and returns once it has what it is to have.
///
/// # Errors
/// The kernel has no thread for it, or won't give it its own descriptors.
pub fn start(
    shared: &Arc<Shared>,
    birth: Birth,
    segments: Receiver<Segment>,
) -> Result<(), ReplayError> {
    let (ready, is_ready) = bounded(1);
    let of_thread = shared.clone();
    let Birth { id, memory, progress, files, own } = birth;
    files.add_user();
    let run = move || {
        let shared = of_thread;
        let _guard = EndOnPanic(&shared);
        let _running = Running::new(&shared);
        let unshared = own.map_or(Ok(()), unshare);
        let failed = unshared.is_err();
        let _ = ready.send(unshared);
        if failed {
            return Counted::default();
        }
        if own.is_some_and(|own| own.contains(CloneFlags::CLONE_FILES)) {
            files.part();
        }
        Task::new(shared.clone(), Identity { task: id, memory }, progress, files).run(&segments)
    };
    let thread = std::thread::Builder::new().name(format!("task {id}")).spawn(run);
    let thread = thread.map_err(|error| ReplayError::NoThread { id, error })?;
    lock(&shared.tasks.threads).push(thread);
    match is_ready.recv() {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(ReplayError::NoThread { id, error: error.into() }),
        Err(_) => Err(ReplayError::BrokeDown),
    }
}
