//! The rows of a snapshot.

use dataseries::Packed;
use replay_schema::added;

use super::{ContentEvent, FileEvent};
use crate::encode::EXTENT_SIZE;
use crate::sink::{AddedRows, Cell, SinkError};

/// Turns what came of a snapshot into extents.
#[derive(Debug)]
pub struct SnapshotRows {
    files: AddedRows,
    attributes: AddedRows,
    contents: AddedRows,
}

impl SnapshotRows {
    /// No rows yet.
    ///
    /// # Errors
    /// Never, as long as the record types are well-formed.
    pub fn new() -> Result<Self, SinkError> {
        Ok(Self {
            files: AddedRows::new(added::FILE, EXTENT_SIZE)?,
            attributes: AddedRows::new(added::XATTR, EXTENT_SIZE)?,
            contents: AddedRows::new(added::CONTENT, EXTENT_SIZE)?,
        })
    }

    /// Adds a file.
    pub fn file(&mut self, file: &FileEvent) {
        fn some(bytes: Option<&[u8]>) -> Cell<'_> {
            bytes.map_or(Cell::Null, Cell::Bytes)
        }
        let number = |number: u64| Cell::Number(number as i64);
        self.files.push(&[
            Cell::Number(file.access_time),
            some(file.content.as_ref().map(<[u8; 32]>::as_slice)),
            number(file.device),
            Cell::Number(file.first_id),
            number(file.group.into()),
            number(file.inode),
            number(file.links),
            number(file.mode.into()),
            Cell::Number(file.modification_time),
            some(file.note.map(str::as_bytes)),
            number(file.owner.into()),
            Cell::Bytes(&file.path),
            number(file.represented_device),
            number(file.size),
            some(file.target.as_deref()),
        ]);
        for (name, value) in &file.attributes {
            self.attributes.push(&[name, &file.path, value].map(|bytes| Cell::Bytes(bytes)));
        }
    }

    /// Adds a part of a content, whose bytes are `data`.
    pub fn content(&mut self, content: &ContentEvent, data: &[u8]) {
        let offset = Cell::Number(content.offset as i64);
        self.contents.push(&[Cell::Bytes(data), Cell::Bytes(&content.hash), offset]);
    }

    /// The extents that are full.
    pub fn full(&mut self) -> impl Iterator<Item = Packed> + '_ {
        let all = [&mut self.files, &mut self.attributes, &mut self.contents];
        all.into_iter().filter(|rows| rows.is_full()).filter_map(AddedRows::take)
    }

    /// All that is left.
    pub fn take(&mut self) -> impl Iterator<Item = Packed> + '_ {
        let all = [&mut self.files, &mut self.attributes, &mut self.contents];
        all.into_iter().filter_map(AddedRows::take)
    }
}
