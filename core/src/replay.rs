//! Makes the calls of a trace again.
//!
//! ```text
//!  reader   takes records in their order, deals them out to their tasks             → Segment
//!  tasks    a thread per task, with what its process owns: descriptors, cwd, umask
//!  turn     a record waits until all before it are done                             → its turn
//!  host     what the plugin asks while it makes the call                            → Outcome
//!  verify   recorded and replayed side by side                                      → Divergence
//!  report   counted by record type                                                  → Summary
//! ```

mod bar;
mod copy;
mod descriptors;
pub(crate) mod effects;
mod gate;
mod hints;
mod holders;
mod host;
mod initial;
mod kernels;
mod net;
mod order;
mod overlaps;
pub mod pace;
mod proc;
mod progress;
mod reader;
mod rights;
mod scratch;
mod sentry;
mod shared;
mod signals;
mod skips;
mod streams;
mod task;
mod tasks;
mod turn;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, unbounded};

use crate::guard::OwnDescriptors;
use crate::misdeed::{Misdeed, OnPluginError};
use crate::pattern::Pattern;
use crate::place::{Place, PlaceError, has_all_users};
use crate::report::{Log, Summary};
use crate::results::By;
use crate::tolerate::Rule;
use crate::trace::{Trace, TraceError};
use bar::Bar;
pub use copy::CopyError;
use copy::{Copy, Target};
use gate::ReadOnly;
pub use kernels::is_kernels;
use net::Network;
pub use net::{Exchanged, Net};
pub use order::Order;
pub use pace::{Pace, Speed, Timing};
use proc::Proc;
use reader::ReadOut;
pub use reader::Stalls;
use rights::Rights;
use sentry::{Sentry, Threads};
use shared::{End, EndOnPanic, Event, Shared};
pub use streams::{Stdio, Streams};
use turn::Turn;
use watch::Watch;

/// How to replay.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where.
    pub place: Place,
    /// Compare the data that the kernel returns, not only results.
    pub verify: bool,
    /// Tell of every divergence.
    pub warn: bool,
    /// Stop at the first divergence.
    pub abort: bool,
    /// Rules that explain divergences.
    pub tolerate: Vec<Rule>,
    /// Tell of every call.
    pub verbose: bool,
    /// Tell of the first and the last call of each record type.
    pub announces: bool,
    /// Write this instead of what was recorded.
    pub pattern: Option<Pattern>,
    /// Which records wait for which.
    pub order: Order,
    /// How fast.
    pub speed: Speed,
    /// What a call's time is counted from.
    pub pace: Pace,
    /// Make only calls that change nothing.
    pub read_only: bool,
    /// What stands for the standard streams.
    pub streams: Streams,
    /// How long a call may wait for something that doesn't come.
    pub patience: Duration,
    /// Write the replay to this file, as a trace.
    pub record: Option<PathBuf>,
    /// Count what calls did and how long they took, and what they are told apart by.
    pub stats: Option<Vec<By>>,
    /// What to do when a plugin misbehaves.
    pub on_plugin_error: OnPluginError,
}

/// Why a replay isn't possible, or can't go on.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The trace.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The place.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The trace of the replay.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// No thread for a task.
    #[error("no thread for task {id}: {error}; see ulimit -u and sysctl kernel.threads-max")]
    NoThread {
        /// The task.
        id: i32,
        /// Why.
        error: std::io::Error,
    },
    /// Nobody to stand for others.
    #[error("--net loopback: {0}")]
    Network(std::io::Error),
    /// A plugin misbehaved.
    #[error(
        "the plugin `{plugin}` {misdeed} at record {record} ({call}); without it: --disable {plugin}"
    )]
    Misdeed {
        /// The plugin's name.
        plugin: &'static str,
        /// What it did.
        misdeed: Misdeed,
        /// The record's order id.
        record: i64,
        /// The call.
        call: String,
    },
    /// A plugin keeps its thread.
    #[error(
        "the plugin `{plugin}` has not returned from record {record} ({call}) for {} s, and can't be \
         interrupted; without it: --disable {plugin}",
        waited.as_secs()
    )]
    NeverReturned {
        /// The plugin's name.
        plugin: &'static str,
        /// The record's order id.
        record: i64,
        /// The call.
        call: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// A thread of the replay itself panicked.
    #[error("a thread of the replay broke down; that is a defect of this program")]
    BrokeDown,
}

/// Replays `trace`, and tells `log` of it.
///
/// The process moves to the place of the replay, and back never: its working directory, root and umask
/// are the first task's from now on. It must have no other threads.
///
/// # Errors
/// Why it isn't possible, or can't go on.
pub fn replay(trace: Trace, mut options: Options, log: Arc<Log>) -> Result<Summary, ReplayError> {
    let trace = Arc::new(trace);
    let target = options.record.take().map(|path| Target::create(&path)).transpose()?;
    raise_descriptor_limit();
    let proc = options.place.root.as_ref().and_then(|_| Proc::open()).map(Arc::new);
    let threads = Threads::open();
    let own = OwnDescriptors::now();
    let has_all_users = has_all_users();
    for note in options.place.enter(&trace.story.initial)? {
        log.say(&note);
    }
    // An ordinary user's root is in a namespace of that user alone.
    let is_alone = options.place.root.is_some() && !nix::unistd::geteuid().is_root();
    let signals = signals::hold();
    let copy =
        target.map(|target| Copy::start(target, trace.clone(), options.order)).transpose()?;
    let (copy, records) = copy.unzip();
    let network = match options.place.net {
        Net::Simulate => None,
        Net::Loopback => Some(Network::start(trace.clone()).map_err(ReplayError::Network)?),
    };
    let (events, told) = unbounded();
    let turn = Arc::new(Turn::new());
    let shared = Arc::new(Shared {
        seen: trace.types.iter().map(|_| AtomicBool::new(false)).collect(),
        files: initial::descriptors(&trace.story.initial, &options, &log),
        is_rooted: options.place.root.is_some(),
        proc,
        hosts: host::Hosts::new(),
        network: network.map(Arc::new),
        rights: Rights::new(&trace.story.initial, has_all_users && !is_alone),
        read_only: options.read_only.then(ReadOnly::new),
        read: Default::default(),
        turn: turn.clone(),
        tasks: Default::default(),
        known: Default::default(),
        holders: Default::default(),
        own,
        fs_changes: Default::default(),
        busy: Default::default(),
        given_up: Default::default(),
        memories: Default::default(),
        passes_idle: options.speed == Speed::Max && !options.verbose && records.is_none(),
        passes_plain: options.speed == Speed::Max
            && !options.verbose
            && !options.read_only
            && options.stats.is_none()
            && records.is_none()
            && options.place.net == Net::Simulate,
        tells_by_batch: options.speed == Speed::Max && options.order.needs_no_positions(),
        told: AtomicU64::new(0),
        explained: AtomicU64::new(0),
        start: Instant::now(),
        first_time: OnceLock::new(),
        last_time: AtomicI64::new(0),
        trace,
        copy: records,
        options,
        events,
        log,
    });
    signals.end(&shared)?;
    let no_thread = |error| ReplayError::NoThread { id: 0, error };
    let sentry = Sentry::start(&turn, threads).map_err(no_thread)?;
    let of_reader = shared.clone();
    let reader = std::thread::Builder::new().name("reader".to_owned());
    let reader = reader.spawn(move || {
        let _guard = EndOnPanic(&of_reader);
        let mut out = ReadOut::default();
        match reader::read(&of_reader, &mut out) {
            Ok(()) => drop(of_reader.events.send(Event::Read(out))),
            Err(error) => of_reader.end(End::Failed(error)),
        }
        out
    });
    let reader = reader.map_err(no_thread)?;
    let end = follow(&shared, &told);
    // Its thread won't end, so nobody waits for it.
    if let Some(End::Failed(error @ ReplayError::NeverReturned { .. })) = end {
        return Err(error);
    }
    let duration = shared.start.elapsed();
    // A reader that broke down has ended the replay.
    let read = reader.join().unwrap_or_default();
    let mut summary = summary(&shared, read, duration);
    sentry.end();
    // The last who holds it lets the copy end.
    drop(shared);
    copy.map_or(Ok(()), Copy::finish)?;
    match end {
        Some(End::Failed(error)) => return Err(error),
        Some(End::Diverged) => summary.is_stopped = true,
        Some(End::Interrupted(signal)) => summary.interrupted = Some(signal as i32),
        None => {}
    }
    Ok(summary)
}

/// Waits until the trace is replayed, or the replay ends otherwise.
fn follow(shared: &Shared, told: &Receiver<Event>) -> Option<End> {
    let mut watch = Watch::new(shared.options.patience);
    let mut bar = Bar::new(shared);
    let read = loop {
        match told.recv_timeout(watch.every()) {
            Ok(Event::Read(read)) => break read,
            Ok(Event::End(end)) => return Some(end),
            Err(_) => watch.look(shared),
        }
        bar.show(shared, None);
    };
    loop {
        match shared.turn.wait_up_to(read.records, watch.every()) {
            Ok(true) => return None,
            Ok(false) => watch.look(shared),
            Err(progress::Stopped) => {
                return told.iter().find_map(|event| match event {
                    Event::End(end) => Some(end),
                    Event::Read(_) => None,
                });
            }
        }
        bar.show(shared, Some(read.records));
    }
}

/// What the tasks' threads counted; all of them end now.
fn summary(shared: &Shared, read: ReadOut, duration: Duration) -> Summary {
    let mut summary = Summary {
        tasks: read.tasks,
        unannounced: read.unannounced,
        out_of_order: read.faults.out_of_order,
        unfinished: read.faults.unfinished,
        stalls: read.stalls,
        lacks: shared.trace.story.lacks(),
        duration,
        ..Summary::default()
    };
    if shared.turn.position() < read.records {
        shared.stop();
    }
    let mut lateness = None;
    loop {
        let threads = shared.tasks.threads();
        if threads.is_empty() {
            break;
        }
        for thread in threads {
            while !thread.is_finished() && shared.turn.is_stopped() {
                watch::interrupt_all(&shared.tasks.running());
                std::thread::sleep(Duration::from_millis(1));
            }
            // One that panicked has said so, and counts for nothing.
            let counted = thread.join().unwrap_or_default();
            if let Some(of_thread) = counted.lateness {
                // Both have the same bounds.
                let _ = lateness.get_or_insert_with(pace::lateness).add(of_thread);
            }
            if let Some(of_thread) = counted.stats {
                match &mut summary.stats {
                    Some(stats) => stats.merge(of_thread),
                    none => *none = Some(of_thread),
                }
            }
            for (ty, tally) in shared.trace.types.iter().zip(counted.tallies) {
                summary.calls.entry(ty.name.clone()).or_default().add(&tally);
            }
        }
    }
    // What the program sent is on its way until its descriptors are closed.
    summary.exchanged = shared.network.as_ref().map(|network| network.exchanged());
    if let (Some(lateness), Speed::Times(speed)) = (lateness, shared.options.speed) {
        let first = shared.first_time.get().copied().unwrap_or(0);
        let last = shared.last_time.load(Ordering::Relaxed);
        let recorded = last.saturating_sub(first).max(0) as f64 / 1e9 / speed;
        let recorded = Duration::try_from_secs_f64(recorded).unwrap_or_default();
        summary.timing = Some(Timing { lateness, recorded, replayed: duration });
    }
    for ty in &shared.trace.types {
        if let Some(why) = ty.call.as_ref().and_then(|call| call.simulated.clone()) {
            summary.simulated.insert(ty.name.clone(), why);
        }
    }
    summary
}

/// A trace may have more descriptors open than this process may by default.
fn raise_descriptor_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
}
