//! Old traces made to mean what new ones mean (trace schema, §4 and §8).
//!
//! All three common times become nanoseconds since the epoch, whatever unit they had. Booleans that say
//! which bits of a number are set (D1: all true in old traces) are computed again from that number; what
//! they stand for, a plugin knows.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use dataseries::{Column, Extent, ExtentType, FieldKind, Row};
use replay_schema::{Call, Observed, Source, Value, common};

use super::names::Names;
use super::time;

/// Normalises extents of any type.
#[derive(Debug)]
pub struct Normalizer<'n> {
    names: &'n Names,
    known: RefCell<HashMap<String, Rc<Changes>>>,
}

/// What has to be done to the rows of a type.
#[derive(Debug, Default)]
struct Changes {
    times: Vec<Column>,
    /// Columns with arguments of the call, and which.
    arguments: Vec<(Column, usize)>,
    /// Booleans of the file, by the number of what the plugin declares of them.
    bits: Vec<(Column, replay_schema::Column)>,
}

impl<'n> Normalizer<'n> {
    /// Booleans are computed for calls that `names` knows.
    pub fn new(names: &'n Names) -> Self {
        Self { names, known: RefCell::default() }
    }

    /// Changes the rows of an extent.
    pub fn apply(&self, extent: &mut Extent) {
        let ty = extent.extent_type().clone();
        let changes = self.known.borrow().get(ty.name()).cloned();
        let changes = changes.unwrap_or_else(|| {
            let changes = Rc::new(Changes::of(&ty, self.names.call(ty.name()).as_deref()));
            self.known.borrow_mut().insert(ty.name().to_owned(), changes.clone());
            changes
        });
        for row in 0..extent.row_count() {
            changes.apply(extent, row);
        }
    }
}

impl Changes {
    fn of(ty: &ExtentType, call: Option<&Call>) -> Self {
        if super::shape::Calls::of(ty).is_none() {
            return Self::default();
        }
        let times = [common::TIME_CALLED, common::TIME_RECORDED, common::TIME_RETURNED];
        let find = |name: &str, kind| ty.column_of(name, kind).ok().cloned();
        let times = times.iter().filter_map(|name| find(name, FieldKind::Int64)).collect();
        let Some(call) = call else { return Self { times, ..Self::default() } };
        let arguments = call.columns.iter().filter_map(|declared| {
            let number = declared.sources.iter().find_map(Source::argument)?;
            Some((ty.column(&declared.name)?.clone(), number))
        });
        let bits = call.bit_columns.iter().filter_map(|declared| {
            Some((find(&declared.name, FieldKind::Bool)?, declared.clone()))
        });
        Self { times, arguments: arguments.collect(), bits: bits.collect() }
    }

    fn apply(&self, extent: &mut Extent, row: usize) {
        let mut cells = extent.row_mut(row);
        for column in &self.times {
            if !cells.row().is_null(column) {
                let time = cells.row().int64(column);
                cells.set_int64(column, time::nanoseconds(time));
            }
        }
        if self.bits.is_empty() {
            return;
        }
        let arguments = self.arguments(&cells.row());
        let observed = Observed { arguments, returned: None, memory: &[], element: None };
        for (column, declared) in &self.bits {
            // A number that means nothing in this call has no bits set.
            let is_set = matches!(observed.value(declared), Value::Number(1..));
            cells.set_bool(column, is_set);
        }
    }

    /// The arguments of the call. Those that aren't there, as in the rows that follow the first one, are
    /// 0: no bits are set.
    fn arguments(&self, row: &Row<'_>) -> [u64; 6] {
        let mut arguments = [0; 6];
        for (column, number) in self.arguments.iter().filter(|(column, _)| !row.is_null(column)) {
            let value = match column.kind {
                FieldKind::Byte => row.byte(column).into(),
                FieldKind::Int32 => row.int32(column) as u64,
                FieldKind::Int64 => row.int64(column) as u64,
                _ => continue,
            };
            if let Some(argument) = arguments.get_mut(*number) {
                *argument = value;
            }
        }
        arguments
    }
}
