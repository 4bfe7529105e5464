//! The trace's file.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dataseries::{
    Compression, Declared, ExtentBuilder, ExtentType, Packed, StoredExtent, Writer, WriterOptions,
};
use replay_core::side_by_side::side_by_side;
use replay_schema::Call;
use replay_schema::added::{self, Added};

/// Why a trace can't be written.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The file can't be made.
    #[error("cannot create {}: {error}", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file can't be written.
    #[error("cannot write {error}; `dstool recover` saves what is whole of the trace")]
    Write {
        /// Where, and why.
        error: dataseries::Error,
    },
    /// A file that isn't to be kept can't be removed.
    #[error("cannot remove {}: {error}", path.display())]
    Remove {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A declaration that the file format can't hold.
    #[error("record type {name}: {error}")]
    Type {
        /// The extent type.
        name: String,
        /// Why.
        error: dataseries::TypeError,
    },
    /// The thread that writes has stopped, and has the reason.
    #[error("the writer has stopped")]
    Gone,
}

/// Parses the XML of an extent type of ours.
///
/// # Errors
/// The file format can't hold it.
pub fn extent_type(xml: &str, name: &str) -> Result<Arc<ExtentType>, SinkError> {
    let parsed = ExtentType::parse(xml);
    let parsed = parsed.map_err(|error| SinkError::Type { name: name.to_owned(), error })?;
    Ok(Arc::new(parsed))
}

/// A trace that is being written.
#[derive(Debug)]
pub struct Sink {
    writer: Writer<File>,
}

impl Sink {
    /// Creates file `path` with `types` in its library; that and the index are compressed like extents.
    ///
    /// # Errors
    /// The file can't be made.
    pub fn create(
        path: &Path,
        types: &[Declared],
        compression: &Compression,
    ) -> Result<Self, SinkError> {
        let options = WriterOptions { compression: compression.clone(), ..Default::default() };
        let file = File::create(path)
            .map_err(|error| SinkError::Create { path: path.to_owned(), error })?;
        let writer = Writer::declaring(file, &path.display().to_string(), types, options)
            .map_err(|error| SinkError::Write { error })?;
        Ok(Self { writer })
    }

    /// Writes `extent`.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn write(&mut self, extent: &StoredExtent) -> Result<(), SinkError> {
        let written = self.writer.write(extent).map(drop);
        written.map_err(|error| SinkError::Write { error })
    }

    /// How many bytes are written so far.
    pub fn size(&self) -> u64 {
        self.writer.offset()
    }

    /// Writes index and tail.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn finish(self) -> Result<(), SinkError> {
        self.writer.finish().map(drop).map_err(|error| SinkError::Write { error })
    }
}

/// Rows of a record type of the trace's own.
#[derive(Debug)]
pub struct AddedRows {
    builder: ExtentBuilder,
}

/// A value of such a row.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'a> {
    /// None.
    Null,
    /// An integer.
    Number(i64),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl AddedRows {
    /// No rows of `added` yet.
    ///
    /// # Errors
    /// Never, as long as the record type is well-formed.
    pub fn new(added: Added, target_size: usize) -> Result<Self, SinkError> {
        let ty = extent_type(&added.extent_type(), added.name)?;
        let builder = ExtentBuilder::new(ty, target_size)
            .map_err(|error| SinkError::Type { name: added.name.to_owned(), error })?;
        Ok(Self { builder })
    }

    /// Adds a row, its cells in the order of the type's columns.
    pub fn push(&mut self, cells: &[Cell<'_>]) {
        self.builder.new_row();
        let ty = self.builder.extent_type().clone();
        assert_eq!(cells.len(), ty.columns().len(), "{} has as many columns", ty.name());
        for (column, cell) in ty.columns().iter().zip(cells) {
            match *cell {
                Cell::Null => self.builder.set_null(column),
                Cell::Number(value) => match column.kind {
                    dataseries::FieldKind::Int32 => self.builder.set_int32(column, value as i32),
                    _ => self.builder.set_int64(column, value),
                },
                Cell::Bytes(bytes) => {
                    // A value that an extent can't hold would be gigabytes long; these are names.
                    let _ = self.builder.set_bytes(column, bytes);
                }
            }
        }
    }

    /// Whether it is time to write the rows.
    pub fn is_full(&self) -> bool {
        self.builder.is_full()
    }

    /// The rows so far, if there are any.
    pub fn take(&mut self) -> Option<Packed> {
        (self.builder.row_count() > 0).then(|| self.builder.take())
    }
}

/// The types that a trace of `calls` lists: theirs, and the trace's own.
pub fn library(calls: &[Arc<Call>]) -> Vec<Declared> {
    let calls = side_by_side(calls, 64, |calls| {
        let types = calls.iter().map(|call| Declared::new(call.type_name(), call.extent_type()));
        types.collect::<Vec<_>>()
    });
    let own = added::ALL.iter().map(|added| Declared::new(added.name, added.extent_type()));
    calls.into_iter().flatten().chain(own).collect()
}
