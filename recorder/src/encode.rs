//! Makes rows of captured calls.

mod held;
mod rows;
mod unseen;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;
use dataseries::Packed;
use replay_core::guard::OwnDescriptors;
use replay_schema::Call;
use replay_schema::added;

use crate::clock;
use crate::event::{Batch, Event, TaskEnd, TaskEvent, UNKNOWN_TIME};
use crate::own_rows::{ByPlugin, OwnRows};
use crate::payload::Payload;
use crate::sink::{AddedRows, Cell, SinkError};
use crate::snapshot::SnapshotRows;
use held::{Captured, Held};
use rows::{Filled, Keeping, Lazy};

/// Size at which an extent is handed on, in bytes of rows and values.
pub const EXTENT_SIZE: usize = 1 << 20;

/// Extents that aren't full are handed on this often, in nanoseconds, so that a recorder that dies
/// leaves what is older.
pub const FLUSH_EVERY: i64 = 1_000_000_000;

/// So long a plugin that writes rows itself may take for those of a call, if nobody says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What the encoder saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows of calls.
    pub rows: u64,
    /// Buffers that should have been captured and weren't.
    pub buffers_not_captured: u64,
    /// Values of which the trace has a beginning only, or nothing, as it was asked for.
    pub values_cut: u64,
    /// What plugins that write rows themselves did wrong.
    pub misdeeds: ByPlugin,
    /// Columns without a value for want of what it would be made of.
    pub values_unseen: u64,
    /// Which these are, as `call column`.
    pub unseen: BTreeMap<String, u64>,
}

/// What the encoder hands on.
#[derive(Debug)]
pub enum Item {
    /// Rows.
    Extent(Packed),
    /// All that is kept so far is to be written, and why.
    Dump(&'static str),
}

type HandOn<'h> = dyn FnMut(Item) -> Result<(), SinkError> + 'h;

/// Turns events into extents.
#[derive(Debug)]
pub struct Encoder {
    types: Vec<Lazy>,
    payload: Payload,
    tasks: AddedRows,
    overlaps: AddedRows,
    snapshot: SnapshotRows,
    /// Calls whose record belongs to their beginning, and that haven't returned.
    entered: BTreeSet<i64>,
    /// Such calls that have returned after one that began earlier and hasn't.
    held: BTreeMap<i64, Held>,
    flushed_at: i64,
    /// Whether the calls were made long ago, and somebody else took them down.
    is_past: bool,
    totals: Totals,
    /// Extents that are written: the next ones are built in their buffers.
    spare: Option<Receiver<Packed>>,
    own_rows: OwnRows,
}

impl Encoder {
    /// An encoder for `calls`, in the order of their plans.
    ///
    /// # Errors
    /// Never, as long as the trace's own record types are well-formed.
    pub fn new(calls: &[Arc<Call>], payload: Payload) -> Result<Self, SinkError> {
        let types = calls.iter().map(Lazy::new);
        Ok(Self {
            types: types.collect(),
            payload,
            tasks: AddedRows::new(added::TASK, EXTENT_SIZE)?,
            overlaps: AddedRows::new(added::OVERLAP, EXTENT_SIZE)?,
            snapshot: SnapshotRows::new()?,
            entered: BTreeSet::new(),
            held: BTreeMap::new(),
            flushed_at: clock::now(),
            is_past: false,
            totals: Totals::default(),
            spare: None,
            own_rows: OwnRows::new(OwnDescriptors::now(), PATIENCE),
        })
    }

    /// Waits for a plugin that writes rows itself for as long as `patience`.
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { own_rows: OwnRows::new(OwnDescriptors::now(), patience), ..self }
    }

    /// Builds extents in the buffers of those that come through `spare`.
    pub fn with_spare(self, spare: Receiver<Packed>) -> Self {
        Self { spare: Some(spare), ..self }
    }

    /// For calls that aren't made now: what was taken down of them was so when they returned.
    pub fn of_the_past(self) -> Self {
        Self { is_past: true, ..self }
    }

    /// Adds the rows of `batch`, and hands on extents that are full.
    ///
    /// # Errors
    /// The extents aren't taken.
    pub fn encode(&mut self, batch: &Batch, hand_on: &mut HandOn<'_>) -> Result<(), SinkError> {
        let now = if self.is_past { UNKNOWN_TIME } else { clock::now() };
        let mut unseen = &batch.unseen[..];
        let mut fields = &batch.fields[..];
        for (number, event) in batch.events.iter().enumerate() {
            let count = unseen.iter().take_while(|unseen| unseen.event == number).count();
            let (of_event, rest) = unseen.split_at(count);
            unseen = rest;
            let count = fields.iter().take_while(|field| field.event == number).count();
            let (given, rest) = fields.split_at(count);
            fields = rest;
            match event {
                Event::Entered { called_id } => drop(self.entered.insert(*called_id)),
                Event::Abandoned { called_id } => {
                    self.entered.remove(called_id);
                    self.release(hand_on)?;
                }
                Event::Task(task) => self.task(task),
                Event::Dump(why) => {
                    self.flush(hand_on)?;
                    hand_on(Item::Dump(why))?;
                }
                Event::Call(call) => {
                    let call = Captured { event: call, batch, unseen: of_event, given };
                    self.call(&call, now, hand_on)?;
                }
                Event::File(file) => self.snapshot.file(file),
                Event::Content(content) => {
                    self.snapshot.content(content, &batch.bytes[content.bytes.clone()]);
                    self.snapshot.full().map(Item::Extent).try_for_each(&mut *hand_on)?;
                }
            }
        }
        self.snapshot.full().map(Item::Extent).try_for_each(&mut *hand_on)?;
        if !self.is_past && now - self.flushed_at >= FLUSH_EVERY {
            self.flushed_at = now;
            self.flush(hand_on)?;
        }
        Ok(())
    }

    /// Hands on all that is left.
    ///
    /// # Errors
    /// The extents aren't taken.
    pub fn finish(mut self, hand_on: &mut HandOn<'_>) -> Result<Totals, SinkError> {
        // Calls that were entered and of which nothing more was heard have no record.
        self.entered.clear();
        self.release(hand_on)?;
        self.flush(hand_on)?;
        self.count_unseen();
        Ok(self.totals)
    }

    fn count_unseen(&mut self) {
        for row_type in self.types.iter().filter_map(|ty| ty.ready.as_deref()) {
            let kind = row_type.builder.extent_type().name();
            let kind = kind.rsplit("::").next().unwrap_or(kind);
            let unseen = row_type.columns.iter().filter(|filled| filled.unseen > 0);
            for Filled { column, unseen, .. } in unseen {
                self.totals.values_unseen += unseen;
                let name = format!("{kind} {}", column.name);
                *self.totals.unseen.entry(name).or_default() += unseen;
            }
        }
    }

    /// Hands on extents that aren't full.
    ///
    /// # Errors
    /// The extents aren't taken.
    pub fn flush(&mut self, hand_on: &mut HandOn<'_>) -> Result<(), SinkError> {
        for row_type in self.types.iter_mut().filter_map(|lazy| lazy.ready.as_mut()) {
            if row_type.builder.row_count() > 0 {
                hand_on(Item::Extent(row_type.builder.take()))?;
            }
        }
        [&mut self.tasks, &mut self.overlaps]
            .into_iter()
            .filter_map(AddedRows::take)
            .chain(self.snapshot.take())
            .map(Item::Extent)
            .try_for_each(hand_on)
    }

    fn task(&mut self, task: &TaskEvent) {
        let (status, signal) = match task.end {
            Some(TaskEnd::Status(status)) => (Cell::Number(status.into()), Cell::Null),
            Some(TaskEnd::Signal(signal)) => (Cell::Null, Cell::Number(signal.into())),
            None => (Cell::Null, Cell::Null),
        };
        self.tasks.push(&[
            status,
            Cell::Number(task.first_id),
            Cell::Number(task.last_id),
            task.parent.map_or(Cell::Null, |parent| Cell::Number(parent.into())),
            Cell::Number(task.process.into()),
            signal,
            Cell::Number(task.task.into()),
        ]);
    }

    /// Rows of one extent are in the order of their ids. A record that belongs to its call's beginning
    /// waits until no earlier one can come.
    fn call(
        &mut self,
        call: &Captured<'_>,
        now: i64,
        hand_on: &mut HandOn<'_>,
    ) -> Result<(), SinkError> {
        let called_id = call.event.called_id;
        if !self.entered.remove(&called_id) {
            return self.write(call, now, hand_on);
        }
        if self.entered.first().is_some_and(|first| *first < called_id) {
            self.held.insert(called_id, Held::new(call));
            return Ok(());
        }
        self.write(call, now, hand_on)?;
        self.release(hand_on)
    }

    fn release(&mut self, hand_on: &mut HandOn<'_>) -> Result<(), SinkError> {
        while let Some(first) = self.held.first_entry() {
            if self.entered.first().is_some_and(|entered| entered < first.key()) {
                break;
            }
            let Held { event, memory } = first.remove();
            let now = if self.is_past { UNKNOWN_TIME } else { clock::now() };
            let (unseen, given) = (&memory.unseen[..], &memory.fields[..]);
            let call = Captured { event: &event, batch: &memory, unseen, given };
            self.write(&call, now, hand_on)?;
        }
        Ok(())
    }

    fn write(
        &mut self,
        call: &Captured<'_>,
        now: i64,
        hand_on: &mut HandOn<'_>,
    ) -> Result<(), SinkError> {
        let event = call.event;
        let row_type = self.types[event.plan].ready()?;
        let at_entry = row_type.call.at_entry;
        if !at_entry && event.called_id + 1 != event.returned_id {
            self.overlaps.push(&[Cell::Number(event.called_id), Cell::Number(event.returned_id)]);
            if self.overlaps.is_full() {
                let full = self.overlaps.take().map(Item::Extent);
                full.into_iter().try_for_each(&mut *hand_on)?;
            }
        }
        let id = if at_entry { event.called_id } else { event.returned_id };
        let Self { payload, totals, own_rows, .. } = self;
        let keeping = Keeping { payload, totals, own_rows };
        row_type.write(call, id, now, keeping);
        if row_type.builder.is_full() {
            let mut full =
                self.spare.as_ref().and_then(|spare| spare.try_recv().ok()).unwrap_or_default();
            row_type.builder.take_into(&mut full);
            hand_on(Item::Extent(full))?;
        }
        Ok(())
    }
}
