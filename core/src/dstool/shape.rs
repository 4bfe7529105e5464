//! What a type's columns say of its rows: whether they are calls of a trace, and how rows belong
//! together.
//!
//! Nothing here needs a plugin: the names of the common columns are the trace schema's.

use dataseries::{Column, ExtentType, FieldKind, Row};
use replay_schema::{PREFIX, common};

/// The last part of a type's name: `openat` of `IOTTAFSL::Trace::Syscall::openat`.
pub fn short(name: &str) -> &str {
    name.rsplit("::").next().unwrap_or(name)
}

/// How the rows of one call follow one another.
#[derive(Clone, Debug)]
pub enum Rows {
    /// Each row is a call.
    Single,
    /// A row numbered −1, then rows from 0 on.
    HeadFirst(Column),
    /// Rows from 0 on; the last is numbered −1.
    TailLast(Column),
}

/// The columns of a type that holds calls.
#[derive(Clone, Debug)]
pub struct Calls {
    pub unique_id: Column,
    pub task: Option<Column>,
    pub return_value: Option<Column>,
    pub errno_number: Option<Column>,
    pub time_called: Option<Column>,
    pub time_returned: Option<Column>,
    /// Columns with paths.
    pub paths: Vec<Column>,
    /// Whether the call moves bytes, and returns how many.
    pub moves_bytes: bool,
    pub rows: Rows,
}

impl Calls {
    /// What `ty` has of it; none if it isn't a type of calls.
    pub fn of(ty: &ExtentType) -> Option<Self> {
        let find = |name: &str, kind| ty.column_of(name, kind).ok().cloned();
        let unique_id = find(common::UNIQUE_ID, FieldKind::Int64)?;
        if !ty.name().starts_with(PREFIX) && find(common::TIME_CALLED, FieldKind::Int64).is_none() {
            return None;
        }
        let rows = match (
            find("iov_number", FieldKind::Int32),
            find("continuation_number", FieldKind::Int32),
        ) {
            (Some(number), _) => Rows::HeadFirst(number),
            (_, Some(number)) => Rows::TailLast(number),
            _ => Rows::Single,
        };
        let is_path = |column: &&Column| {
            column.kind == FieldKind::Variable32 && super::cell::is_path(&column.name)
        };
        let data = ["data_read", "data_written", "iov_data_read", "iov_data_written"];
        Some(Self {
            unique_id,
            task: find(common::EXECUTING_PID, FieldKind::Int32),
            return_value: find(common::RETURN_VALUE, FieldKind::Int64),
            errno_number: find(common::ERRNO_NUMBER, FieldKind::Int32),
            time_called: find(common::TIME_CALLED, FieldKind::Int64),
            time_returned: find(common::TIME_RETURNED, FieldKind::Int64),
            paths: ty.columns().iter().filter(is_path).cloned().collect(),
            moves_bytes: data.iter().any(|name| ty.column(name).is_some()),
            rows,
        })
    }

    /// Whether `row` is the one that stands for its call: the first one, or the last if that has the
    /// result.
    pub fn is_main(&self, row: &Row<'_>) -> bool {
        match &self.rows {
            Rows::Single => true,
            Rows::HeadFirst(number) | Rows::TailLast(number) => row.int32(number) == -1,
        }
    }

    /// Whether `row` belongs to the row before it, and its own id says nothing.
    pub fn is_element(&self, row: &Row<'_>) -> bool {
        matches!(&self.rows, Rows::HeadFirst(number) if row.int32(number) >= 0)
    }
}

/// An integer, if `column` is there and has one.
pub fn number(row: &Row<'_>, column: Option<&Column>) -> Option<i64> {
    let column = column.filter(|column| !row.is_null(column))?;
    match column.kind {
        FieldKind::Int64 => Some(row.int64(column)),
        FieldKind::Int32 => Some(row.int32(column).into()),
        _ => None,
    }
}
