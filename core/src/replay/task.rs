//! One task of the trace: its calls made again, one after the other, each when its turn has come.

mod make;
mod outcome;
mod plain;
mod process;
mod words;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use abi::Outcome;
use crossbeam_channel::Receiver;
use replay_schema::Changes;

use crate::guard::Guard;
use crate::record::{Batch, Record, What};
use crate::replay::Options;
use crate::replay::copy::{Done, Recording};
use crate::replay::descriptors::Files;
use crate::replay::host::{Context, Identity, Wants};
use crate::replay::order::{Order, Wait, wait_to_enter};
use crate::replay::pace::{Clock, Speed, Took};
use crate::replay::progress::{Progress, Stopped};
use crate::replay::reader::Segment;
use crate::replay::shared::{End, Shared};
use crate::replay::task::plain::Plain;
use crate::replay::tasks::Counted;
use crate::replay::watch::Busy;
use crate::report::{Reason, Tally};
use crate::results::Stats;
use crate::show;
use crate::trace::RecordType;

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
            batch.prefetch(segment.index(done + 2), segment.index(done + 1));
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
        self.context.acts.simulated = None;
        let called = shared.copy.as_ref().map_or(0, Recording::now);
        let came = match (self.make_plain(shared, kind, ty, batch, record), &ty.call) {
            (Plain::AsRecorded, _) => return Ok(()),
            (Plain::Asked(asked), Some(call)) => {
                self.came_of(shared, call, ty, batch, record, asked)?
            }
            _ => self.make(shared, ty, batch, record)?,
        };
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
}

/// Whether a call that succeeds leaves its process with another program.
fn runs_a_program(ty: &RecordType) -> bool {
    ty.call.as_ref().is_some_and(|call| call.changes == Changes::Program)
}
