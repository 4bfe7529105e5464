//! The index: the last extent of a finished file, which lists all extents (FORMAT.md §14).

use std::sync::Arc;

use crate::builder::ExtentBuilder;
use crate::checks::Checks;
use crate::error::Error;
use crate::extent_type::ExtentType;
use crate::extent_type::INDEX_TYPE;
use crate::extent_type::MAX_NAME;
use crate::extent_type::XML_TYPE;
use crate::header::HEADER_SIZE;
use crate::library::TypeLibrary;
use crate::packed::Packed;
use crate::stored::Parts;
use crate::stored::StoredExtent;

/// One extent of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it begins, in bytes.
    pub offset: u64,
    /// Its type.
    pub extent_type: Arc<ExtentType>,
}

impl Entry {
    /// Whether the extent holds data: it is neither the type library nor the index.
    pub fn is_data(&self) -> bool {
        !self.extent_type.is_reserved()
    }
}

/// Reads the index extent.
pub(crate) fn unpack(
    stored: &StoredExtent,
    library: &TypeLibrary,
    checks: &Checks,
) -> Result<Vec<Entry>, Error> {
    let extent = stored.unpack(Parts::All, checks)?;
    let ty = ExtentType::index_type();
    let [offset, name] = [&ty.columns()[0], &ty.columns()[1]];
    let bad = |reason: String| Error::BadIndex { place: stored.place(), reason };
    let mut entries = Vec::with_capacity(extent.row_count());
    for row in extent.rows() {
        let offset = row.int64(offset);
        let name = row.bytes(name);
        if name.len() > MAX_NAME {
            return Err(bad(format!("the extent at {offset} has a type name that is too long")));
        }
        let name = String::from_utf8_lossy(name);
        let extent_type = library.get(&name).ok_or_else(|| {
            bad(format!("the extent at {offset} is of type '{name}', which is not in the library"))
        })?;
        let offset = u64::try_from(offset).map_err(|_| bad(format!("there is no {offset}")))?;
        entries.push(Entry { offset, extent_type: Arc::clone(extent_type) });
    }
    match checks.index.then(|| fault(&entries, stored.offset())).flatten() {
        Some(reason) => Err(bad(reason.to_owned())),
        None => Ok(entries),
    }
}

/// What is wrong with the entries of the index at `index_offset`.
fn fault(entries: &[Entry], index_offset: u64) -> Option<&'static str> {
    let is =
        |entry: &Entry, name, offset| entry.extent_type.name() == name && entry.offset == offset;
    if !entries.first().is_some_and(|first| is(first, XML_TYPE, HEADER_SIZE as u64)) {
        return Some("its first entry is not the type library");
    }
    if !entries.last().is_some_and(|last| is(last, INDEX_TYPE, index_offset)) {
        return Some("its last entry is not the index itself");
    }
    if !entries.is_sorted_by(|a, b| a.offset < b.offset) {
        return Some("its offsets do not ascend");
    }
    if entries.iter().any(|entry| entry.offset % 4 != 0) {
        return Some("an offset is not a multiple of 4");
    }
    if entries.iter().filter(|entry| !entry.is_data()).count() > 2 {
        return Some("it lists more than one type library or index");
    }
    None
}

/// The extent that lists these extents, itself included.
pub(crate) fn pack(entries: &[Entry]) -> Result<Packed, Error> {
    let ty = ExtentType::index_type();
    let [offset, name] = [&ty.columns()[0], &ty.columns()[1]];
    let mut builder =
        ExtentBuilder::new(Arc::clone(ty), usize::MAX).expect("the type can be packed");
    for entry in entries {
        builder.new_row();
        builder.set_int64(offset, entry.offset as i64);
        builder.set_bytes(name, entry.extent_type.name().as_bytes())?;
    }
    Ok(builder.take())
}
