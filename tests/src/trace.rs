//! Traces, looked at and changed row by row.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use dataseries::{
    Checks, Compression, Extent, ExtentBuilder, ExtentType, FieldKind, File, Parts, Row, Value,
    Writer, WriterOptions,
};
use replay_schema::{PREFIX, common};

/// A trace in memory.
pub struct Trace {
    types: Vec<Arc<ExtentType>>,
    extents: Vec<Extent>,
}

/// Where a row is: the number of its extent, and its own there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The extent.
    pub extent: usize,
    /// The row.
    pub row: usize,
}

/// A value to be put into a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// None.
    Null,
    /// A bool, byte or integer.
    Number(i64),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// Other values for some columns of a row.
pub type Changes = BTreeMap<At, Vec<(String, Cell)>>;

impl Trace {
    /// The trace in file `path`.
    ///
    /// # Panics
    /// If it isn't a whole trace.
    pub fn open(path: &Path) -> Self {
        let file = File::open(path, Checks::ALL).expect("the trace is whole");
        let data = file.entries().iter().filter(|entry| entry.is_data());
        let extents = data.map(|entry| {
            let stored = file.read(entry).expect("the extent is whole");
            stored.unpack(Parts::All, &Checks::ALL).expect("the extent is whole")
        });
        Self {
            extents: extents.collect(),
            types: file.types().iter().filter(|ty| !ty.is_reserved()).cloned().collect(),
        }
    }

    /// The rows of all calls, with the names of their record types.
    pub fn rows(&self) -> impl Iterator<Item = (&str, At, Row<'_>)> {
        self.extents.iter().enumerate().flat_map(|(number, extent)| {
            let name = extent.extent_type().name().strip_prefix(PREFIX);
            let rows = name.map(|name| {
                extent
                    .rows()
                    .enumerate()
                    .map(move |(row, cells)| (name, At { extent: number, row }, cells))
            });
            rows.into_iter().flatten()
        })
    }

    /// The rows of record type `name`, in the order of the file.
    pub fn rows_of(&self, name: &str) -> Vec<At> {
        self.rows().filter(|(of, ..)| *of == name).map(|(_, at, _)| at).collect()
    }

    /// What column `column` of a row holds.
    ///
    /// # Panics
    /// If the type has no such column.
    #[track_caller]
    pub fn value(&self, at: At, column: &str) -> Value<'_> {
        let extent = &self.extents[at.extent];
        let column = extent.extent_type().column(column).expect("the type has the column");
        extent.row(at.row).get(column)
    }

    /// What column `column` of a row holds, if the type has it.
    pub fn find(&self, at: At, column: &str) -> Option<Value<'_>> {
        let extent = &self.extents[at.extent];
        Some(extent.row(at.row).get(extent.extent_type().column(column)?))
    }

    /// The names of the columns of a row.
    pub fn columns(&self, at: At) -> Vec<String> {
        let columns = self.extents[at.extent].extent_type().columns().iter();
        columns.map(|column| column.name.clone()).collect()
    }

    /// The number in column `column` of a row, if it is one.
    pub fn number(&self, at: At, column: &str) -> Option<i64> {
        match self.value(at, column) {
            Value::Bool(value) => Some(value.into()),
            Value::Byte(value) => Some(value.into()),
            Value::Int32(value) => Some(value.into()),
            Value::Int64(value) => Some(value),
            _ => None,
        }
    }

    /// The order id of the row's call.
    pub fn unique_id(&self, at: At) -> i64 {
        self.number(at, common::UNIQUE_ID).expect("it is an integer and never null")
    }

    /// What the row's call came to: return value and errno; none if it didn't return, or returned later.
    pub fn outcome(&self, at: At) -> Option<(i64, i32)> {
        let value = self.number(at, common::RETURN_VALUE)?;
        Some((value, self.number(at, common::ERRNO_NUMBER)? as i32))
    }

    /// The trace with other types: `change` is given each one's text and returns the new one. Columns keep
    /// their values by name; one in another form has none.
    ///
    /// # Panics
    /// If there is no such type.
    #[must_use]
    pub fn with_types(mut self, change: impl Fn(&str) -> String) -> Self {
        let other = |ty: &ExtentType| {
            Arc::new(ExtentType::parse(&change(ty.text())).expect("the type is well-formed"))
        };
        self.types = self.types.iter().map(|ty| other(ty)).collect();
        for extent in &mut self.extents {
            let ty = other(extent.extent_type());
            let mut builder =
                ExtentBuilder::new(ty.clone(), usize::MAX).expect("the type is a trace's");
            for row in extent.rows() {
                builder.new_row();
                for column in ty.columns() {
                    let old = extent.extent_type().column(&column.name);
                    if let Some(old) = old.filter(|old| old.kind == column.kind) {
                        copy(&mut builder, column, row.get(old));
                    }
                }
            }
            let stored = builder.take().compress(&Compression::none()).expect("it can be stored");
            *extent = stored.unpack(Parts::All, &Checks::ALL).expect("it is whole");
        }
        self
    }

    /// The trace with the rows of record type `name` in another order: one of each task in turn.
    #[must_use]
    pub fn interleaved(mut self, name: &str) -> Self {
        let full = format!("{PREFIX}{name}");
        for extent in &mut self.extents {
            if extent.extent_type().name() != full {
                continue;
            }
            let ty = extent.extent_type().clone();
            let task = ty.column(common::EXECUTING_PID).expect("every call has it").clone();
            let mut tasks: Vec<(i32, std::collections::VecDeque<usize>)> = Vec::new();
            for (number, row) in extent.rows().enumerate() {
                let id = row.int32(&task);
                match tasks.iter_mut().find(|(known, _)| *known == id) {
                    Some((_, rows)) => rows.push_back(number),
                    None => tasks.push((id, [number].into())),
                }
            }
            let mut builder =
                ExtentBuilder::new(ty.clone(), usize::MAX).expect("the type is a trace's");
            while tasks.iter().any(|(_, rows)| !rows.is_empty()) {
                for number in tasks.iter_mut().filter_map(|(_, rows)| rows.pop_front()) {
                    builder.new_row();
                    for column in ty.columns() {
                        copy(&mut builder, column, extent.row(number).get(column));
                    }
                }
            }
            let stored = builder.take().compress(&Compression::none()).expect("it can be stored");
            *extent = stored.unpack(Parts::All, &Checks::ALL).expect("it is whole");
        }
        self
    }

    /// Writes the trace to file `path` with `changes` made to it.
    ///
    /// # Panics
    /// If it can't be written.
    pub fn write(&self, path: &Path, changes: &Changes) {
        self.write_in_extents_of(usize::MAX, path, changes);
    }

    /// The same, in extents of at most `most` rows.
    ///
    /// # Panics
    /// If it can't be written.
    pub fn write_in_extents_of(&self, most: usize, path: &Path, changes: &Changes) {
        let mut writer = Writer::create(path, &self.types, WriterOptions::default())
            .expect("the file can be made");
        for (number, extent) in self.extents.iter().enumerate() {
            let ty = extent.extent_type();
            let mut builder =
                ExtentBuilder::new(ty.clone(), usize::MAX).expect("the type is a trace's");
            for (row, cells) in extent.rows().enumerate() {
                if builder.row_count() == most {
                    let mut full = builder.take();
                    let stored = full.compress(&Compression::none()).expect("it can be stored");
                    writer.write(&stored).expect("the file can be written");
                }
                builder.new_row();
                let changed = changes.get(&At { extent: number, row });
                for column in ty.columns() {
                    let change =
                        changed.into_iter().flatten().find(|(name, _)| *name == column.name);
                    match change {
                        Some((_, cell)) => set(&mut builder, column, cell),
                        None => copy(&mut builder, column, cells.get(column)),
                    }
                }
            }
            let mut rest = builder.take();
            let stored = rest.compress(&Compression::none()).expect("it can be stored");
            writer.write(&stored).expect("the file can be written");
        }
        writer.finish().expect("the file can be written");
    }
}

fn copy(builder: &mut ExtentBuilder, column: &dataseries::Column, value: Value<'_>) {
    match value {
        Value::Null => builder.set_null(column),
        Value::Bool(value) => builder.set_bool(column, value),
        Value::Byte(value) => builder.set_byte(column, value),
        Value::Int32(value) => builder.set_int32(column, value),
        Value::Int64(value) => builder.set_int64(column, value),
        Value::Double(value) => builder.set_double(column, value),
        Value::Bytes(value) => builder.set_bytes(column, value).expect("it came from an extent"),
    }
}

fn set(builder: &mut ExtentBuilder, column: &dataseries::Column, cell: &Cell) {
    match (cell, column.kind) {
        (Cell::Null, _) => builder.set_null(column),
        (Cell::Bytes(value), _) => builder.set_bytes(column, value).expect("it is short"),
        (Cell::Number(value), FieldKind::Bool) => builder.set_bool(column, *value != 0),
        (Cell::Number(value), FieldKind::Byte) => builder.set_byte(column, *value as u8),
        (Cell::Number(value), FieldKind::Int32) => builder.set_int32(column, *value as i32),
        (Cell::Number(value), _) => builder.set_int64(column, *value),
    }
}

/// Another value than the one that is there; none for none.
pub fn other(value: Value<'_>) -> Option<Cell> {
    Some(match value {
        Value::Null | Value::Double(_) | Value::Bytes([]) => return None,
        Value::Bool(value) => Cell::Number((!value).into()),
        Value::Byte(value) => Cell::Number(value.wrapping_add(1).into()),
        Value::Int32(value) => Cell::Number(value.wrapping_add(1).into()),
        Value::Int64(value) => Cell::Number(value.wrapping_add(1)),
        Value::Bytes(value) => {
            let mut bytes = value.to_vec();
            bytes[0] ^= 1;
            Cell::Bytes(bytes)
        }
    })
}
