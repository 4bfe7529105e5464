//! What a plugin declares of a call, found again in the columns of a file's type.

use std::sync::Arc;

use dataseries::{Column, ExtentType, Row, Value};
use replay_schema::{Call, Returns, Source};

use super::names::Names;
use crate::follow::Seen;

/// A type whose plugin is there.
#[derive(Debug)]
pub struct Declared {
    call: Arc<Call>,
    /// Columns with arguments of the call, and which.
    arguments: Vec<(Column, usize)>,
    /// Columns that say something of descriptors and names, with their places in the declaration, in its order.
    followed: Vec<(Column, usize)>,
}

impl Declared {
    /// What is known of `ty`; nothing without its plugin.
    pub fn of(ty: &ExtentType, names: &Names) -> Option<Self> {
        let call = names.call(ty.name())?;
        let found = |declared: &replay_schema::Column| ty.column(&declared.name).cloned();
        let arguments = call.columns.iter().filter_map(|declared| {
            let number = declared.sources.iter().find_map(Source::argument)?;
            Some((found(declared)?, number))
        });
        let followed =
            call.columns.iter().enumerate().filter(|(_, declared)| Seen::wants(declared));
        let followed = followed.filter_map(|(at, declared)| Some((found(declared)?, at)));
        let (arguments, followed) = (arguments.collect(), followed.collect());
        Some(Self { call, arguments, followed })
    }

    /// What the plugin declares.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// The arguments of the call. Those that aren't there, as in the rows that follow the first one, are
    /// 0.
    pub fn arguments(&self, row: &Row<'_>) -> [u64; 6] {
        let mut arguments = [0; 6];
        for (column, number) in &self.arguments {
            if let (Some(argument), Some(value)) =
                (arguments.get_mut(*number), integer(row, column))
            {
                *argument = value as u64;
            }
        }
        arguments
    }

    /// What the return value of this call is.
    pub fn returns(&self, row: &Row<'_>) -> Returns {
        self.call.returns(self.arguments(row))
    }

    /// Whether the columns say anything of descriptors and names.
    pub fn is_followed(&self) -> bool {
        !self.followed.is_empty()
    }

    /// What `row` says of descriptors and names.
    pub fn seen(&self, row: &Row<'_>) -> Seen {
        let mut seen = Seen::default();
        for (column, at) in &self.followed {
            seen.add(&self.call.columns[*at], row.get(column));
        }
        seen
    }
}

/// An integer of any width.
pub fn integer(row: &Row<'_>, column: &Column) -> Option<i64> {
    match row.get(column) {
        Value::Byte(value) => Some(value.into()),
        Value::Int32(value) => Some(value.into()),
        Value::Int64(value) => Some(value),
        _ => None,
    }
}
