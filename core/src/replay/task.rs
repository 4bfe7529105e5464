//! One task of the trace: its calls made again, one after the other, each when its turn has come.

use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use abi::{Outcome, status};
use crossbeam_channel::Receiver;
use nix::sched::{CloneFlags, unshare};
use replay_schema::{Call, Changes, Returns};

use crate::crash::{self, InPlugin};
use crate::follow::plain;
use crate::guard::Guard;
use crate::misdeed::{Misdeed, OnPluginError};
use crate::record::{Batch, Record, What};
use crate::replay::copy::{Done, Recording};
use crate::replay::descriptors::{Files, Stands};
use crate::replay::effects::{self, Effect, effects};
use crate::replay::host::{Child, Context, Identity, Wants};
use crate::replay::kernels::is_kernels;
use crate::replay::order::{Order, Wait, wait_to_enter};
use crate::replay::pace::{Clock, Speed, Took};
use crate::replay::progress::{Progress, Stopped};
use crate::replay::reader::Segment;
use crate::replay::shared::{End, Shared};
use crate::replay::tasks::{Birth, Counted, Expected, start};
use crate::replay::watch::Busy;
use crate::replay::{Options, ReplayError};
use crate::report::{Reason, Tally};
use crate::results::{By, Sample, Stats};
use crate::show;
use crate::tolerate::Rule;
use crate::trace::RecordType;
use crate::verify::{self, Divergence};

/// Divergences that are told one by one unless all of them are asked for.
const TOLD: u64 = 10;

/// A task, and the thread that stands for it.
pub struct Task {
    shared: Arc<Shared>,
    identity: Identity,
    /// How many of its records are done.
    progress: Arc<Progress>,
    thread: i32,
    context: Context,
    guard: Guard,
    busy: Arc<Busy>,
    tallies: Vec<Tally>,
    clock: Option<Clock>,
    stats: Option<Stats>,
    /// How long the last call took that was made, where that is counted.
    took: Duration,
}

/// What came of a record.
enum Came {
    /// The call was made.
    Made(Outcome),
    /// It wasn't.
    Not(Reason),
}

impl Came {
    fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Made(outcome) => Some(*outcome),
            Self::Not(_) => None,
        }
    }
}

impl Task {
    /// The task that `identity` tells, on the thread that stands for it.
    pub fn new(
        shared: Arc<Shared>,
        identity: Identity,
        progress: Arc<Progress>,
        files: Files,
    ) -> Self {
        let (is_reference, rights) = (shared.trace.story.is_reference(), shared.rights);
        let (proc, network) = (shared.proc.clone(), shared.network.clone());
        let wants = Wants::new(&shared.options, is_reference, rights, proc, network);
        let tallies = vec![Tally::default(); shared.trace.types.len()];
        let thread = nix::unistd::gettid().as_raw();
        let names = shared.trace.types.iter().map(|ty| ty.name.clone());
        let stats = shared.options.stats.as_ref().map(|by| Stats::new(by, names));
        shared.holders.set(identity.task, thread, &files);
        Self {
            context: Context::new(files, shared.known.clone(), shared.holders.clone(), wants),
            guard: Guard::new(shared.own.clone()),
            busy: shared.busy.add(thread),
            shared,
            identity,
            progress,
            thread,
            clock: None,
            stats,
            took: Duration::ZERO,
            tallies,
        }
    }

    /// Makes the task's calls, until there are no more or the replay is stopped; returns what was counted.
    pub fn run(mut self, segments: &Receiver<Segment>) -> Counted {
        let shared = self.shared.clone();
        for segment in segments {
            match self.segment(&shared, &segment) {
                Ok(false) => {}
                Ok(true) | Err(Stopped) => break,
            }
        }
        shared.busy.remove(&self.busy);
        let lateness = self.clock.map(|clock| clock.lateness);
        Counted { tallies: self.tallies, lateness, stats: self.stats }
    }

    /// Makes the calls of one batch; whether the task has ended.
    fn segment(&mut self, shared: &Arc<Shared>, segment: &Segment) -> Result<bool, Stopped> {
        let batch = &segment.batch;
        let (mut done, mut has_ended) = (0, false);
        for index in segment.indices() {
            self.record(shared, batch, index, segment.waits.of(index))?;
            done += 1;
            if batch.records[index].what == What::TaskEnd {
                has_ended = true;
                break;
            }
        }
        if shared.tells_by_batch
            && let Some(positions) = batch.finish(done)
        {
            shared.turn.complete_all(positions);
        }
        Ok(has_ended)
    }

    /// Waits until it is the record's time, does what it says, and lets those go on who wait for it.
    fn record(
        &mut self,
        shared: &Arc<Shared>,
        batch: &Arc<Batch>,
        index: usize,
        waits: &[Wait],
    ) -> Result<(), Stopped> {
        let (order, turn) = (shared.options.order, &shared.turn);
        let record = &batch.records[index];
        let is_idle = shared.is_idle(record);
        if is_idle && turn.is_stopped() {
            return Err(Stopped);
        }
        if !is_idle {
            let is_awaited = match record.what {
                What::Call(kind) => shared.trace.types[kind as usize].is_awaited,
                What::TaskEnd => true,
            };
            wait_to_enter(order, turn, record, is_awaited, waits)?;
            self.wait_until_due(shared, record)?;
        }
        match record.what {
            What::Call(kind) => self.call(shared, kind as usize, batch, index)?,
            What::TaskEnd => {
                // Somebody may wait for it: for the end of a pipe, say.
                self.end();
                self.wait_to_settle(record)?;
            }
        }
        if order == Order::Strict && !is_idle {
            turn.pass(record.position + 1);
        } else {
            self.progress.pass(self.progress.position() + 1);
            if !shared.tells_by_batch {
                turn.complete(record.position);
            }
        }
        Ok(())
    }

    /// Waits until the record's time, where it has one.
    fn wait_until_due(&mut self, shared: &Shared, record: &Record) -> Result<(), Stopped> {
        let Options { speed, pace, .. } = shared.options;
        let is_untimed = matches!(record.what, What::TaskEnd) || record.time_called == 0;
        if speed == Speed::Max || is_untimed {
            return Ok(());
        }
        let first = *shared.first_time.get_or_init(|| record.time_called);
        shared.last_time.fetch_max(record.time_returned, Ordering::Relaxed);
        if self.clock.is_none() {
            self.clock = Clock::new(speed, pace, shared.start, first);
        }
        let Some(clock) = &mut self.clock else { return Ok(()) };
        clock.wait(record, || shared.turn.is_stopped())
    }

    /// In strict order a record that was entered before its turn is settled when that has come.
    fn wait_to_settle(&self, record: &Record) -> Result<(), Stopped> {
        match self.shared.options.order {
            Order::Strict if !self.shared.is_idle(record) => {
                self.shared.turn.wait_for(record.position)
            }
            _ => Ok(()),
        }
    }

    /// The task ends. The last one of a process closes the descriptors.
    fn end(&mut self) {
        self.shared.holders.remove(self.identity.task, self.thread);
        if self.context.files.remove_user() == 0 {
            let mut files = self.context.files.lock();
            for (traced, open) in files.open() {
                files.remove(traced);
                Stands::Open(open).close();
            }
            drop(files);
            self.context.files.close_overtaken();
        }
    }

    fn call(
        &mut self,
        shared: &Arc<Shared>,
        kind: usize,
        batch: &Arc<Batch>,
        index: usize,
    ) -> Result<(), Stopped> {
        let ty = &shared.trace.types[kind];
        let record = &batch.records[index];
        if shared.options.announces && !shared.options.verbose && shared.is_first(kind) {
            self.say(&format!("first {}, record {}", ty.name, record.unique_id));
        }
        let called = shared.copy.as_ref().map_or(0, Recording::now);
        self.context.acts.simulated = None;
        let came = self.make(shared, ty, batch, record)?;
        let returned = shared.copy.as_ref().map_or(0, Recording::now);
        if let Some(clock) = &mut self.clock {
            let waits_for_others = ty.call.as_ref().is_some_and(|call| call.blocks);
            let took = match (&came, waits_for_others) {
                (Came::Made(_), false) => Took::ItsTime,
                (Came::Made(_), true) => Took::OthersTime,
                (Came::Not(_), true) => Took::Nothing,
                (Came::Not(_), false) => Took::TheRecordedTime,
            };
            clock.done(record, took, || shared.turn.is_stopped())?;
        }
        if matches!(came, Came::Not(_)) {
            self.context.acts.executed |= record.succeeded() && runs_a_program(ty);
        }
        // Somebody who overlapped may wait for the child, or for what a new program doesn't get.
        self.settle(shared, record);
        self.wait_to_settle(record)?;
        if shared.options.verbose {
            let line = show::line(ty, batch, record, show::Parts::All);
            let note = match &came {
                Came::Made(_) => String::new(),
                Came::Not(reason) => format!("  (not made: {reason})"),
            };
            self.say(&format!("{} {} {line}{note}", record.unique_id, self.identity.task));
        }
        let differences = match &came {
            Came::Made(outcome) => {
                self.tallies[kind].made += 1;
                let differences = self.compare(kind, ty, batch, record, *outcome);
                self.without_tolerated(differences, kind, batch, index, *outcome)
            }
            Came::Not(reason) => {
                self.tallies[kind].skipped[*reason as usize] += 1;
                if *reason != Reason::Overtaken {
                    self.take_recorded(ty, batch, record);
                }
                std::mem::take(&mut self.context.acts.divergences)
            }
        };
        if self.stats.is_some() {
            self.count(kind, ty, batch, record, &came, !differences.is_empty());
        }
        if let Some(copy) = &shared.copy {
            let (batch, has_differences) = (batch.clone(), !differences.is_empty());
            let outcome = came.outcome();
            let memory =
                (has_differences && outcome.is_some()).then(|| self.context.filled_copies());
            // A writer that failed says so in the end.
            let _ =
                copy.records.send(Done { kind, batch, index, outcome, called, returned, memory });
        }
        if record.is_last && shared.options.announces && !shared.options.verbose {
            self.say(&format!("last {}, record {}", ty.name, record.unique_id));
        }
        if !differences.is_empty() {
            self.tallies[kind].diverged += 1;
            self.tell(ty, batch, record, &differences);
            if let Came::Made(outcome) = &came
                && record.succeeded()
                && let Some(hint) = shared.explain(outcome.errno_number)
            {
                self.say(&format!("  ({hint})"));
            }
            if shared.options.abort {
                shared.end(End::Diverged);
                return Err(Stopped);
            }
        }
        Ok(())
    }

    /// Makes the call, if it is to be made.
    fn make(
        &mut self,
        shared: &Arc<Shared>,
        ty: &RecordType,
        batch: &Batch,
        record: &Record,
    ) -> Result<Came, Stopped> {
        let Some(call) = &ty.call else { return Ok(Came::Not(Reason::NoPlugin)) };
        if let Some(reason) = not_to_be_made(ty, call, record) {
            return Ok(Came::Not(reason));
        }
        if ty.closes && record.ready_at < record.position {
            let closed = effects::closed(ty, batch, record);
            let mut files = self.context.files.lock();
            let overtaken = |traced: &i32| files.take_overtaken(*traced, record.ready_at);
            if let Some(overtaken) = closed.iter().find_map(overtaken) {
                drop(files);
                overtaken.close();
                return Ok(Came::Not(Reason::Overtaken));
            }
        }
        if shared.given_up.has(call.plugin) {
            return Ok(Came::Not(Reason::Misdeed));
        }
        if let Some(read_only) = &shared.read_only
            && !read_only.allows(ty, call, batch, record, &self.context.files.lock())
        {
            return Ok(Came::Not(Reason::ReadOnly));
        }
        if effects::has_path(ty, batch, record, |path| is_kernels(path, shared.is_rooted)) {
            return Ok(Came::Not(Reason::Kernels));
        }
        if let Some(network) = &shared.network {
            network.before(ty, call, batch, record, |traced| {
                match self.context.files.lock().get_at(traced, record.position) {
                    Some(Stands::Open(open)) => Some(open),
                    _ => None,
                }
            });
        }
        if call.blocks {
            shared.turn.enter_kernel(record.position, self.thread);
            if shared.turn.is_somebody_interested() && self.is_going_to_wait(ty, batch, record) {
                shared.turn.waits(record.position);
            }
        }
        let began = self.stats.is_some().then(Instant::now);
        let (status, outcome) = self.ask_plugin(shared, call, ty, batch, record);
        self.took = began.map_or(Duration::ZERO, |began| began.elapsed());
        if call.blocks {
            shared.turn.leave_kernel(record.position);
            if shared.turn.is_stopped() {
                return Err(Stopped);
            }
        }
        for (level, message) in std::mem::take(&mut self.context.acts.messages) {
            self.plugin_says(ty, record, level, &message);
        }
        if let Some(misdeed) = self.context.acts.misdeed.take() {
            self.plugin_misbehaved(shared, call, record, &misdeed)?;
            let is_made = status == status::MADE && misdeed.is_beside_the_call();
            return Ok(if is_made { Came::Made(outcome) } else { Came::Not(Reason::Misdeed) });
        }
        Ok(match status {
            // The watch let it go, for the recorded call wasn't interrupted.
            status::MADE if outcome.errno_number == libc::EINTR => Came::Not(Reason::Waited),
            status::MADE
                if call.privileged
                    && record.succeeded()
                    && shared.rights.explain(outcome.errno_number) =>
            {
                Came::Not(Reason::Rights)
            }
            status::MADE => Came::Made(outcome),
            status::SIMULATED => Came::Not(Reason::Simulated),
            status::SIMULATED_DESCRIPTOR => Came::Not(Reason::SimulatedDescriptor),
            status::STANDARD_STREAM => Came::Not(Reason::StandardStream),
            status::UNKNOWN_DESCRIPTOR => Came::Not(Reason::UnknownDescriptor),
            status::NOT_CAPTURED => Came::Not(Reason::NotCaptured),
            status::TIMING => Came::Not(Reason::Timing),
            _ => {
                self.context.acts.divergences.push(Divergence {
                    column: "record".to_owned(),
                    expected: "one that makes sense".to_owned(),
                    got: "one that doesn't".to_owned(),
                });
                Came::Not(Reason::Malformed)
            }
        })
    }

    /// Lets the plugin make the call, and looks after it if it isn't one of ours.
    fn ask_plugin(
        &mut self,
        shared: &Shared,
        call: &Arc<Call>,
        ty: &RecordType,
        batch: &Batch,
        record: &Record,
    ) -> (u32, Outcome) {
        let What::Call(kind) = record.what else { unreachable!("only calls are made") };
        let kind = kind as usize;
        if !call.is_stock {
            self.context.acts.misdeed = self.guard.before(kind, &shared.fs_changes).err();
        }
        if call.changes_fs {
            shared.fs_changes.count();
        }
        self.busy.enter(record.position, kind, record.unique_id);
        let in_plugin = InPlugin::record(call.plugin, record.unique_id);
        let came = self.context.replay(shared.hosts, call, ty, batch, record, self.identity);
        drop(in_plugin);
        self.busy.leave();
        if call.changes_fs {
            shared.fs_changes.count();
        }
        if !call.is_stock
            && let Err(misdeed) = self.guard.after(&shared.fs_changes)
        {
            self.context.acts.misdeed.get_or_insert(misdeed);
        }
        came
    }

    /// Tells what the plugin did, and does what people asked for; the record diverges, if it goes on.
    fn plugin_misbehaved(
        &mut self,
        shared: &Shared,
        call: &Call,
        record: &Record,
        misdeed: &Misdeed,
    ) -> Result<(), Stopped> {
        let (plugin, record) = (call.plugin, record.unique_id);
        if shared.options.on_plugin_error == OnPluginError::Stop || misdeed.is_fatal() {
            let (misdeed, call) = (misdeed.clone(), call.extent.clone());
            let is_fatal = misdeed.is_fatal();
            let error = ReplayError::Misdeed { plugin, misdeed, record, call };
            if is_fatal {
                shared.log.insist(&error.to_string());
                crash::leave();
            }
            shared.end(End::Failed(error));
            return Err(Stopped);
        }
        let is_its_own = !matches!(misdeed, Misdeed::Before(_));
        if shared.options.on_plugin_error == OnPluginError::Simulate && is_its_own {
            shared.given_up.add(plugin);
        }
        self.context.acts.divergences.push(Divergence {
            column: format!("plugin `{plugin}`"),
            expected: "a call made again".to_owned(),
            got: format!("that it {misdeed}"),
        });
        Ok(())
    }

    /// Whether the call is on a stream that isn't ready for it.
    fn is_going_to_wait(&self, ty: &RecordType, batch: &Batch, record: &Record) -> bool {
        let events = if ty.waits_to_read { libc::POLLIN } else { libc::POLLOUT };
        let files = self.context.files.lock();
        let streams = effects::used(ty, batch, record).into_iter().filter_map(|traced| match files
            .get(
            traced,
        )? {
            Stands::Open(open) if files.is_stream(traced) => Some(open),
            _ => None,
        });
        let mut polls: Vec<_> = streams.map(|fd| libc::pollfd { fd, events, revents: 0 }).collect();
        // SAFETY: the kernel reads and writes the structures that it is told of.
        let ready = unsafe { libc::poll(polls.as_mut_ptr(), polls.len() as u64, 0) };
        !polls.is_empty() && ready == 0
    }

    /// What differs between the recorded and the replayed call.
    fn compare(
        &mut self,
        kind: usize,
        ty: &RecordType,
        batch: &Batch,
        record: &Record,
        replayed: Outcome,
    ) -> Vec<Divergence> {
        let mut differences = std::mem::take(&mut self.context.acts.divergences);
        let Some(call) = &ty.call else { return differences };
        let returns = verify::returns(ty, call, batch, record);
        if let Some(difference) = verify::outcome(returns, record, replayed) {
            differences.push(difference);
        } else if self.shared.options.verify && replayed.errno_number == 0 {
            let memory = self.context.filled();
            let owners = self.shared.rights.owners();
            let compared = verify::data(ty, batch, record, replayed, &memory, owners);
            self.tallies[kind].without_value += compared.without_value;
            self.tallies[kind].other_owners += compared.other_owners;
            differences.extend(compared.divergences);
        }
        differences
    }

    /// The differences, unless a rule explains them, which is counted.
    fn without_tolerated(
        &mut self,
        differences: Vec<Divergence>,
        kind: usize,
        batch: &Batch,
        index: usize,
        replayed: Outcome,
    ) -> Vec<Divergence> {
        let (types, rules) = (&self.shared.trace.types, &self.shared.options.tolerate);
        let explains = |rule: &&Rule| rule.explains(types, batch, index, replayed);
        if differences.is_empty() {
            return differences;
        }
        let Some(rule) = rules.iter().find(explains) else { return differences };
        self.tallies[kind].tolerated[*rule as usize] += 1;
        Vec::new()
    }

    /// Counts the call, and how long it took.
    #[cold]
    fn count(
        &mut self,
        kind: usize,
        ty: &RecordType,
        batch: &Batch,
        record: &Record,
        came: &Came,
        diverged: bool,
    ) {
        let is_by_path = self.stats.as_ref().is_some_and(|stats| stats.is_by(By::Path));
        let path = is_by_path.then(|| self.file_of(ty, batch, record)).flatten();
        let task = self.identity.task;
        let processes = &self.shared.trace.story.processes;
        let outcome = came.outcome();
        let sample = Sample {
            kind,
            process: processes.get(&task).copied().unwrap_or(task),
            path,
            recorded: record.time_returned.saturating_sub(record.time_called).max(0) as u64,
            replayed: outcome.map(|_| self.took.as_nanos() as u64),
            recorded_errno: record.errno_number,
            replayed_errno: outcome.map_or(0, |outcome| outcome.errno_number),
            diverged,
            bytes: match outcome {
                Some(outcome) if ty.moves_data => outcome.return_value.max(0) as u64,
                _ => 0,
            },
        };
        if let Some(stats) = &mut self.stats {
            stats.add(sample);
        }
    }

    /// The file that the call was on: by its path, or by what its descriptor is open on.
    fn file_of(&self, ty: &RecordType, batch: &Batch, record: &Record) -> Option<String> {
        let text = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
        let used = effects::used(ty, batch, record);
        let open = used.iter().find_map(|traced| match self.context.files.lock().get(*traced)? {
            Stands::Open(open) => std::fs::read_link(format!("/proc/thread-self/fd/{open}")).ok(),
            _ => None,
        });
        if let Some(path) = effects::path(ty, batch, record) {
            if path.starts_with(b"/") {
                return Some(text(&path));
            }
            let from = open.or_else(|| std::fs::read_link("/proc/thread-self/cwd").ok())?;
            return Some(text(&plain(from.as_os_str().as_bytes(), &path)));
        }
        let name = open?;
        let name = name.as_os_str().as_bytes();
        // Pipes and sockets have numbers for names, which tell nobody anything.
        let kind = name.split(|byte| *byte == b'[').next().filter(|_| !name.starts_with(b"/"));
        let name = kind.unwrap_or(name);
        Some(text(name.strip_suffix(b" (deleted)").unwrap_or(name)))
    }

    /// What the recorded call did to the descriptors, where the call isn't made.
    fn take_recorded(&mut self, ty: &RecordType, batch: &Batch, record: &Record) {
        for effect in effects(ty, batch, record) {
            let files = &self.context.files;
            let before = match effect {
                // The plugin has seen to it, and may have noted what it is.
                Effect::Simulate(traced) if self.context.acts.simulated == Some(traced) => None,
                Effect::Simulate(traced) => files.adopt(traced, Stands::Simulated, record.position),
                Effect::Close(traced) => {
                    let mut files = files.lock();
                    files.take_overtaken(traced, record.ready_at).or_else(|| files.remove(traced))
                }
            };
            before.into_iter().for_each(Stands::close);
        }
    }

    /// What the call did to its process, beside descriptors: a child, or a new program.
    fn settle(&mut self, shared: &Arc<Shared>, record: &Record) {
        let child = self.context.acts.child.take();
        if let Some(number) = record.child {
            // Of a call that wasn't made nothing is known but that there is a child.
            let shares = child.unwrap_or(Child { id: 0, shares: 0 }).shares;
            self.start_child(shared, number, shares);
        }
        let unshared = std::mem::take(&mut self.context.acts.unshared);
        if unshared & abi::CHILD_SHARES_FS != 0 {
            // A thread that the kernel doesn't let go of what it shares keeps it.
            let _ = unshare(CloneFlags::CLONE_FS);
        }
        if unshared & abi::CHILD_SHARES_FILES != 0 {
            self.unshare_files();
        }
        if std::mem::take(&mut self.context.acts.executed) {
            self.execute();
        }
    }

    fn start_child(&mut self, shared: &Arc<Shared>, number: u32, shares: u32) {
        let Some(expected) = shared.tasks.take(number) else { return };
        let Expected { id, progress, segments } = expected;
        let is_thread = shares & abi::CHILD_SHARES_THREAD_GROUP != 0;
        let shares = |bit| is_thread || shares & bit != 0;
        let mut own = CloneFlags::empty();
        own.set(CloneFlags::CLONE_FILES, !shares(abi::CHILD_SHARES_FILES));
        own.set(CloneFlags::CLONE_FS, !shares(abi::CHILD_SHARES_FS));
        let files = match own.contains(CloneFlags::CLONE_FILES) {
            true => self.context.files.copy(),
            false => self.context.files.clone(),
        };
        let own = (!own.is_empty()).then_some(own);
        let memory = match shares(abi::CHILD_SHARES_MEMORY) {
            true => self.identity.memory,
            false => shared.new_memory(),
        };
        if let Err(error) = start(shared, Birth { id, memory, progress, files, own }, segments) {
            shared.end(End::Failed(error));
        }
    }

    /// A new program has no threads beside this one and shares its descriptors with nobody; those that
    /// are marked so it doesn't get.
    fn execute(&mut self) {
        self.identity.memory = self.shared.new_memory();
        self.unshare_files();
        let mut files = self.context.files.lock();
        for (traced, open) in files.open() {
            if is_close_on_exec(open) {
                files.remove(traced);
                Stands::Open(open).close();
            }
        }
    }

    /// The process has a table of descriptors of its own from now on.
    fn unshare_files(&mut self) {
        if self.context.files.is_shared() && unshare(CloneFlags::CLONE_FILES).is_ok() {
            let own = self.context.files.copy();
            own.add_user();
            own.close_overtaken();
            self.shared.holders.set(self.identity.task, self.thread, &own);
            std::mem::replace(&mut self.context.files, own).remove_user();
        }
    }

    fn say(&self, text: &str) {
        self.shared.log.say(text);
    }

    fn plugin_says(&self, ty: &RecordType, record: &Record, level: u32, message: &str) {
        if level < abi::log::INFO || self.shared.options.verbose {
            let text = format!("plugin {}, record {}: {message}", ty.name, record.unique_id);
            self.shared.log.insist(&text);
        }
    }

    /// Tells people of the divergence.
    fn tell(&self, ty: &RecordType, batch: &Batch, record: &Record, differences: &[Divergence]) {
        let shared = &self.shared;
        let told = shared.told.fetch_add(1, Ordering::Relaxed);
        if !shared.options.warn && !shared.options.abort && told >= TOLD {
            if told == TOLD {
                self.say("more divergences are counted, not shown (--warn shows all)");
            }
            return;
        }
        let files = self.context.files.lock();
        let names = |traced| match files.get(traced) {
            Some(Stands::Open(open)) => {
                std::fs::read_link(format!("/proc/thread-self/fd/{open}")).ok()
            }
            _ => None,
        };
        let line = show::line(ty, batch, record, show::Parts::Passed(&names));
        for Divergence { column, expected, got } in differences {
            let id = record.unique_id;
            let text = format!("record {id}: {line}: {column}: expected {expected}, got {got}");
            shared.log.insist(&text);
        }
        if let Some(path) = effects::absolute_path(ty, batch, record).filter(|_| shared.is_rooted) {
            shared.log.say(&format!(
                "  ({} was looked up beneath the root)",
                String::from_utf8_lossy(&path)
            ));
        }
    }
}

/// Whether a call that succeeds leaves its process with another program.
fn runs_a_program(ty: &RecordType) -> bool {
    ty.call.as_ref().is_some_and(|call| call.changes == Changes::Program)
}

/// Why a call isn't even given to its plugin.
fn not_to_be_made(ty: &RecordType, call: &Call, record: &Record) -> Option<Reason> {
    if ty.disabled.is_some() {
        return Some(Reason::Disabled);
    }
    if ty.is_simulated {
        return Some(Reason::Simulated);
    }
    if record.ignored {
        return Some(Reason::Ignored);
    }
    if !record.returned && call.returns != Returns::Never {
        return Some(Reason::NeverReturned);
    }
    match record.errno_number {
        0 => None,
        libc::EINTR | 512..=516 => Some(Reason::Timing),
        libc::EAGAIN if call.blocks => Some(Reason::Timing),
        _ => None,
    }
}

fn is_close_on_exec(open: RawFd) -> bool {
    // SAFETY: the call takes no pointer.
    let flags = unsafe { libc::fcntl(open, libc::F_GETFD) };
    flags >= 0 && flags & libc::FD_CLOEXEC != 0
}
