//! What a plugin declares of a call, found again in the columns of a file's type.

use std::sync::Arc;

use dataseries::{Column, ExtentType, Row, Value};
use replay_schema::{Call, Returns, Role, Source};

use super::names::Names;

/// A type whose plugin is there.
#[derive(Debug)]
pub struct Declared {
    call: Arc<Call>,
    /// Columns with arguments of the call, and which.
    arguments: Vec<(Column, usize)>,
    /// Columns that stand for something, in the order of the declaration.
    roles: Vec<(Column, Role)>,
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
        let roles = call.columns.iter().filter(|declared| declared.role != Role::None);
        let roles = roles.filter_map(|declared| Some((found(declared)?, declared.role)));
        let (arguments, roles) = (arguments.collect(), roles.collect());
        Some(Self { call, arguments, roles })
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

    /// The columns that stand for something.
    pub fn roles(&self) -> &[(Column, Role)] {
        &self.roles
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
