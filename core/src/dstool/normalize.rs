//! Old traces made to mean what new ones mean (trace schema, §4 and §8).
//!
//! All three common times become nanoseconds since the epoch, whatever unit they had. Booleans that say
//! which bits of a number are set (D1: all true in old traces) are computed again from that number; what
//! they stand for, a plugin knows.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use dataseries::{Column, Extent, ExtentType, FieldKind};
use replay_schema::{Observed, Value, common};

use super::declared::Declared;
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
    declared: Option<Declared>,
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
            let changes = Rc::new(Changes::of(&ty, self.names));
            self.known.borrow_mut().insert(ty.name().to_owned(), changes.clone());
            changes
        });
        for row in 0..extent.row_count() {
            changes.apply(extent, row);
        }
    }
}

impl Changes {
    fn of(ty: &ExtentType, names: &Names) -> Self {
        if super::shape::Calls::of(ty).is_none() {
            return Self::default();
        }
        let times = [common::TIME_CALLED, common::TIME_RECORDED, common::TIME_RETURNED];
        let find = |name: &str, kind| ty.column_of(name, kind).ok().cloned();
        let times = times.iter().filter_map(|name| find(name, FieldKind::Int64)).collect();
        let declared = Declared::of(ty, names);
        let bits = declared.iter().flat_map(|declared| &declared.call().bit_columns);
        let bits = bits.filter_map(|declared| {
            Some((find(&declared.name, FieldKind::Bool)?, declared.clone()))
        });
        let bits = bits.collect();
        Self { times, declared, bits }
    }

    fn apply(&self, extent: &mut Extent, row: usize) {
        let mut cells = extent.row_mut(row);
        for column in &self.times {
            if !cells.row().is_null(column) {
                let time = cells.row().int64(column);
                cells.set_int64(column, time::nanoseconds(time));
            }
        }
        let Some(declared) = self.declared.as_ref().filter(|_| !self.bits.is_empty()) else {
            return;
        };
        let arguments = declared.arguments(&cells.row());
        let observed = Observed { arguments, returned: None, memory: &[], element: None };
        for (column, declared) in &self.bits {
            // A number that means nothing in this call has no bits set.
            let is_set = matches!(observed.value(declared), Value::Number(1..));
            cells.set_bool(column, is_set);
        }
    }
}
