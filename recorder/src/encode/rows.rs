//! The rows of one record type, made of what was seen of a call.

use std::sync::Arc;

use dataseries::{Column, ExtentBuilder, FieldKind};
use replay_schema::{Call, Observed, Role, RowRule, Source, Value, common};

use crate::encode::held::Captured;
use crate::encode::unseen::Hidden;
use crate::encode::{EXTENT_SIZE, Totals};
use crate::event::{CallEvent, Field, FieldValue, UNKNOWN_TIME};
use crate::own_rows::{self, OwnRow, OwnRows, Seen, Value as OwnValue};
use crate::payload::{Kept, Payload};
use crate::sink::{self, SinkError};

/// A record type, which is made ready when the first call of it comes: most never do.
#[derive(Debug)]
pub struct Lazy {
    call: Arc<Call>,
    pub ready: Option<Box<RowType>>,
}

/// One extent type's columns, ready to be filled.
#[derive(Debug)]
pub struct RowType {
    pub call: Arc<Call>,
    pub builder: ExtentBuilder,
    common: Common,
    pub columns: Vec<Filled>,
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
pub struct Filled {
    pub column: Column,
    role: Role,
    sources: Vec<Source>,
    elements: Vec<Source>,
    /// How often what it would be made of wasn't seen.
    pub unseen: u64,
}

impl Lazy {
    /// The one of `call`, not ready yet.
    pub fn new(call: &Arc<Call>) -> Self {
        Self { call: call.clone(), ready: None }
    }

    /// Makes it ready, if it isn't.
    ///
    /// # Errors
    /// The file format can't hold such a type.
    pub fn ready(&mut self) -> Result<&mut RowType, SinkError> {
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

    /// Adds the rows of `call`, whose order id is `id`.
    pub fn write(&mut self, call: &Captured<'_>, id: i64, now: i64, mut keeping: Keeping<'_>) {
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
pub struct Keeping<'t> {
    pub payload: &'t Payload,
    pub totals: &'t mut Totals,
    pub own_rows: &'t mut OwnRows,
}
