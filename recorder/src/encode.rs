//! Makes rows of captured calls.

mod unseen;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Receiver;
use dataseries::{Column, ExtentBuilder, FieldKind, Packed};
use replay_core::guard::OwnDescriptors;
use replay_schema::added;
use replay_schema::{Call, Observed, Role, RowRule, Source, Value, common};

use crate::clock;
use crate::event::{
    Batch, Blob, CallEvent, Event, Field, FieldValue, TaskEnd, TaskEvent, UNKNOWN_TIME, Unseen,
};
use crate::own_rows::{self, ByPlugin, OwnRow, OwnRows, Seen, Value as OwnValue};
use crate::payload::{Kept, Payload};
use crate::sink::{self, AddedRows, Cell, SinkError};
use crate::snapshot::SnapshotRows;
use unseen::Hidden;

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

#[derive(Debug)]
struct Held {
    event: CallEvent,
    memory: Batch,
}

/// A record type, which is made ready when the first call of it comes: most never do.
#[derive(Debug)]
struct Lazy {
    call: Arc<Call>,
    ready: Option<Box<RowType>>,
}

/// One extent type's columns, ready to be filled.
#[derive(Debug)]
struct RowType {
    call: Arc<Call>,
    builder: ExtentBuilder,
    common: Common,
    columns: Vec<Filled>,
    /// Declared columns, as `columns` has them, and what each stands for.
    declared: Vec<(Column, Role)>,
    /// Their types.
    kinds: Arc<[FieldKind]>,
    /// For bytes that take the place of others.
    scratch: Vec<u8>,
}

#[derive(Debug)]
struct Common {
    buffer_not_captured: Column,
    errno_number: Column,
    executing_pid: Column,
    executing_tid: Column,
    return_value: Column,
    time_called: Column,
    time_recorded: Column,
    time_returned: Column,
    unique_id: Column,
}

/// A column, and where its value comes from.
#[derive(Debug)]
struct Filled {
    column: Column,
    role: Role,
    sources: Vec<Source>,
    elements: Vec<Source>,
    /// How often what it would be made of wasn't seen.
    unseen: u64,
}

impl Encoder {
    /// An encoder for `calls`, in the order of their plans.
    ///
    /// # Errors
    /// Never, as long as the trace's own record types are well-formed.
    pub fn new(calls: &[Arc<Call>], payload: Payload) -> Result<Self, SinkError> {
        let types = calls.iter().map(|call| Lazy { call: call.clone(), ready: None });
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

/// A call, with the memory that belongs to it and what wasn't seen of it.
#[derive(Clone, Copy)]
struct Captured<'b> {
    event: &'b CallEvent,
    batch: &'b Batch,
    unseen: &'b [Unseen],
    given: &'b [Field],
}

impl Held {
    fn new(call: &Captured<'_>) -> Self {
        let Captured { event, batch, unseen, given } = *call;
        let mut memory = Batch { unseen: unseen.to_vec(), ..Batch::default() };
        for field in given {
            let start = memory.bytes.len();
            let value = match &field.value {
                FieldValue::Number(number) => FieldValue::Number(*number),
                FieldValue::Bytes(range) => {
                    memory.bytes.extend_from_slice(&batch.bytes[range.clone()]);
                    FieldValue::Bytes(start..memory.bytes.len())
                }
            };
            memory.fields.push(Field { value, ..field.clone() });
        }
        for blob in &batch.blobs[event.blobs.clone()] {
            let start = memory.bytes.len();
            let blob = match blob {
                Blob::Absent => Blob::Absent,
                Blob::Copied(range) => {
                    memory.bytes.extend_from_slice(&batch.bytes[range.clone()]);
                    Blob::Copied(start..memory.bytes.len())
                }
                Blob::Failed(range) => {
                    memory.bytes.extend_from_slice(&batch.bytes[range.clone()]);
                    Blob::Failed(start..memory.bytes.len())
                }
            };
            memory.blobs.push(blob);
        }
        let event = CallEvent { blobs: 0..memory.blobs.len(), ..event.clone() };
        Self { event, memory }
    }
}

impl Lazy {
    fn ready(&mut self) -> Result<&mut RowType, SinkError> {
        if self.ready.is_none() {
            self.ready = Some(Box::new(RowType::new(self.call.clone())?));
        }
        Ok(self.ready.as_mut().expect("it was just made ready"))
    }
}

impl RowType {
    fn new(call: Arc<Call>) -> Result<Self, SinkError> {
        let ty = sink::extent_type(&call.extent_type(), &call.type_name())?;
        let mut builder = ExtentBuilder::new(ty.clone(), EXTENT_SIZE)
            .map_err(|error| SinkError::Type { name: ty.name().to_owned(), error })?;
        builder.set_template_nulls();
        let column = |name: &str| ty.column(name).expect("the type was made of this call").clone();
        let common = Common {
            buffer_not_captured: column(common::BUFFER_NOT_CAPTURED),
            errno_number: column(common::ERRNO_NUMBER),
            executing_pid: column(common::EXECUTING_PID),
            executing_tid: column(common::EXECUTING_TID),
            return_value: column(common::RETURN_VALUE),
            time_called: column(common::TIME_CALLED),
            time_recorded: column(common::TIME_RECORDED),
            time_returned: column(common::TIME_RETURNED),
            unique_id: column(common::UNIQUE_ID),
        };
        let all = call.columns.iter().chain(&call.bit_columns);
        let filled = all.map(|declared| Filled {
            column: column(&declared.name),
            role: declared.role,
            sources: declared.sources.clone(),
            elements: declared.elements.clone(),
            unseen: 0,
        });
        let columns = filled.filter(|f| !(f.sources.is_empty() && f.elements.is_empty())).collect();
        let declared = call.columns.iter();
        let declared = declared.map(|declared| (column(&declared.name), declared.role));
        let declared: Vec<(Column, Role)> = declared.collect();
        let kinds = declared.iter().map(|(column, _)| column.kind).collect();
        Ok(Self { builder, common, columns, declared, kinds, scratch: Vec::new(), call })
    }

    fn write(&mut self, call: &Captured<'_>, id: i64, now: i64, mut keeping: Keeping<'_>) {
        let Captured { event, batch, unseen, given } = *call;
        let hidden = Hidden::new(unseen);
        let blobs = &batch.blobs[event.blobs.clone()];
        let mut memory = Vec::with_capacity(blobs.len());
        let mut failed = 0;
        for (number, blob) in blobs.iter().enumerate() {
            let (bytes, incomplete) = batch.memory(blob);
            // A plugin's own encoding can't be told which bytes are missing.
            let is_whole = self.call.encode.is_none() || !hidden.has_holes(number);
            memory.push(bytes.filter(|_| is_whole));
            failed += u64::from(incomplete || !is_whole);
        }
        keeping.totals.buffers_not_captured += failed;
        let observed = Observed {
            arguments: event.arguments,
            returned: event.returned,
            memory: &memory,
            element: None,
        };
        let mut row = CommonRow { event, id, now, incomplete: failed > 0 };
        if let Some(encode) = self.call.encode {
            let seen = Seen {
                number: event.number,
                arguments: event.arguments,
                returned: event.returned,
                memory: &memory,
                is_incomplete: row.incomplete,
            };
            match keeping.own_rows.write(encode, &self.call, &self.kinds, &seen, id) {
                Ok(rows) => return self.write_own(rows, &row, &mut keeping),
                Err(misdeed) => {
                    let misdeeds = &mut keeping.totals.misdeeds;
                    own_rows::count(misdeeds, self.call.plugin, &misdeed, id);
                    row.incomplete = true;
                }
            }
        }
        self.new_row(&row, event.returned.is_some(), keeping.totals);
        self.fill(&observed, hidden, &mut keeping);
        for Field { column, value, .. } in given {
            let (column, _) = &self.declared[*column];
            match value {
                FieldValue::Number(number) => {
                    self.builder.set_number(column, *number);
                }
                FieldValue::Bytes(range) => {
                    set_bytes(&mut self.builder, column, &batch.bytes[range.clone()]);
                }
            }
        }
        self.number_only_row();
        if let RowRule::HeadFirst { fetch, .. } = self.call.rows
            && let Some(items) = memory[fetch]
        {
            for element in self.call.elements(fetch, items) {
                self.new_row(&row, event.returned.is_some(), keeping.totals);
                let observed = Observed { element: Some(element), ..observed };
                self.fill(&observed, hidden, &mut keeping);
            }
        }
    }

    fn new_row(&mut self, row: &CommonRow<'_>, complete: bool, totals: &mut Totals) {
        totals.rows += 1;
        let (b, common, event) = (&mut self.builder, &self.common, row.event);
        b.new_row();
        b.set_int64(&common.unique_id, row.id);
        b.set_int32(&common.executing_pid, event.task);
        b.set_int32(&common.executing_tid, event.task);
        let mut set_time = |column: &Column, time: i64| {
            if time != UNKNOWN_TIME {
                b.set_int64(column, time);
            }
        };
        set_time(&common.time_called, event.time_called);
        set_time(&common.time_recorded, row.now.max(event.time_returned));
        if complete && event.returned.is_some() {
            set_time(&common.time_returned, event.time_returned);
        }
        if complete && let Some((value, errno)) = event.returned {
            b.set_int64(&common.return_value, value);
            b.set_int32(&common.errno_number, errno);
        }
        if row.incomplete {
            b.set_bool(&common.buffer_not_captured, true);
        }
    }

    fn fill(&mut self, observed: &Observed<'_>, hidden: Hidden<'_>, keeping: &mut Keeping<'_>) {
        for Filled { column, role, sources, elements, unseen } in &mut self.columns {
            let sources = if observed.element.is_some() { elements } else { sources };
            let value = if hidden.is_empty() {
                observed.first(sources)
            } else {
                let (value, is_unseen) = hidden.first(sources, observed);
                *unseen += u64::from(is_unseen);
                value
            };
            match value {
                Value::Null => {}
                Value::Number(number) => {
                    self.builder.set_number(column, number);
                }
                Value::Bytes(bytes) => {
                    let kept = keeping.payload.keep(*role, bytes, &mut self.scratch);
                    keep(&mut self.builder, &self.common, column, kept, keeping.totals);
                }
            }
        }
    }

    /// A row that may be the only one of its call has the number of such, where the plugin would have set it.
    fn number_only_row(&mut self) {
        if let RowRule::HeadFirst { number, .. } | RowRule::TailLast { number } = self.call.rows
            && self.call.columns[number].sources.is_empty()
        {
            self.builder.set_number(&self.declared[number].0, -1);
        }
    }

    /// Writes what the plugin made.
    fn write_own(&mut self, rows: Vec<OwnRow>, row: &CommonRow<'_>, keeping: &mut Keeping<'_>) {
        for OwnRow { is_complete, values } in rows {
            self.new_row(row, is_complete, keeping.totals);
            let Self { builder, common, declared, scratch, .. } = self;
            for (column, value) in values {
                let (column, role) = &declared[column];
                match value {
                    OwnValue::Number(number) => {
                        builder.set_number(column, number);
                    }
                    OwnValue::Bytes(bytes) => {
                        let kept = keeping.payload.keep(*role, &bytes, scratch);
                        keep(builder, common, column, kept, keeping.totals);
                    }
                }
            }
        }
    }
}

/// What all rows of a call have in common.
struct CommonRow<'e> {
    event: &'e CallEvent,
    id: i64,
    now: i64,
    incomplete: bool,
}

fn set_bytes(builder: &mut ExtentBuilder, column: &Column, bytes: &[u8]) {
    if column.kind == FieldKind::Variable32 {
        // Captured values are far shorter than what an extent can hold.
        let _ = builder.set_bytes(column, bytes);
    }
}

/// Sets a column to what is kept of its value.
fn keep(
    builder: &mut ExtentBuilder,
    common: &Common,
    column: &Column,
    kept: Kept<'_>,
    totals: &mut Totals,
) {
    match kept {
        Kept::Whole(bytes) => return set_bytes(builder, column, bytes),
        Kept::Cut(bytes) => {
            set_bytes(builder, column, bytes);
            builder.set_bool(&common.buffer_not_captured, true);
        }
        Kept::Nothing => {}
    }
    totals.values_cut += 1;
}

/// What is kept of values, where it is counted, and who writes rows.
struct Keeping<'t> {
    payload: &'t Payload,
    totals: &'t mut Totals,
    own_rows: &'t mut OwnRows,
}
