//! The program's memory as the host lends it: a function that reads it, or pieces that were copied.

use std::ffi::{CStr, c_void};

use recorder::memory::Memory;

use crate::types::{STRACE2DS_AFTER, STRACE2DS_BEFORE};
use crate::types::{strace2ds_memory, strace2ds_read, strace2ds_record};

/// Memory that a function of the host reads.
pub struct Lent {
    read: strace2ds_read,
    context: *mut c_void,
}

impl Lent {
    /// Reads with `read`; nothing is there without one.
    pub fn new(read: strace2ds_read, context: *mut c_void) -> Self {
        Self { read, context }
    }
}

impl Memory for Lent {
    fn append(&self, address: u64, length: usize, bytes: &mut Vec<u8>) -> usize {
        let Some(read) = self.read else { return 0 };
        let start = bytes.len();
        bytes.resize(start + length, 0);
        let buffer = bytes[start..].as_mut_ptr().cast();
        // SAFETY: the buffer has room for `length` bytes; the host vouches for its function.
        let count = unsafe { read(self.context, address, buffer, length) }.min(length);
        bytes.truncate(start + count);
        count
    }
}

/// Memory in pieces.
pub struct Pieces<'a> {
    pieces: &'a [strace2ds_memory],
}

impl<'a> Pieces<'a> {
    /// The pieces of `record`; none if one is null.
    ///
    /// # Safety
    /// All that the record points to is there.
    pub unsafe fn new(record: &'a strace2ds_record) -> Option<Self> {
        // SAFETY: the caller vouches for it.
        let pieces = unsafe { list(record.memory, record.memory_count) }?;
        let is_there = |piece: &strace2ds_memory| piece.length == 0 || !piece.bytes.is_null();
        pieces.iter().all(is_there).then_some(Self { pieces })
    }

    /// As they were when the call was entered.
    pub fn before(&self) -> At<'a> {
        At { pieces: self.pieces, not: STRACE2DS_AFTER }
    }

    /// As they were when it had returned.
    pub fn after(&self) -> At<'a> {
        At { pieces: self.pieces, not: STRACE2DS_BEFORE }
    }
}

/// Pieces at one moment.
pub struct At<'a> {
    pieces: &'a [strace2ds_memory],
    not: u32,
}

impl Memory for At<'_> {
    fn append(&self, address: u64, length: usize, bytes: &mut Vec<u8>) -> usize {
        let mut pieces = self.pieces.iter().filter(|piece| piece.moment != self.not);
        let found = pieces.find_map(|piece| {
            let offset = usize::try_from(address.checked_sub(piece.address)?).ok()?;
            let left = piece.length.checked_sub(offset).filter(|left| *left > 0)?;
            // SAFETY: the host vouches for the piece's bytes.
            let rest = unsafe { piece.bytes.cast::<u8>().add(offset) };
            // SAFETY: as above.
            Some(unsafe { std::slice::from_raw_parts(rest, left.min(length)) })
        });
        bytes.extend_from_slice(found.unwrap_or_default());
        found.map_or(0, <[u8]>::len)
    }
}

/// So many items at `start`; none if that is null and there are some.
///
/// # Safety
/// `start` is null, or describes with `count` items that are there.
unsafe fn list<'a, T>(start: *const T, count: usize) -> Option<&'a [T]> {
    if count == 0 {
        return Some(&[]);
    }
    // SAFETY: the caller vouches for it.
    (!start.is_null()).then(|| unsafe { std::slice::from_raw_parts(start, count) })
}

/// Records as the recorder has them.
pub mod record {
    use recorder::feed::{FieldGiven, Record};

    use super::{CStr, list, strace2ds_record};
    use crate::types::{STRACE2DS_BYTES, STRACE2DS_NUMBER};

    /// The columns that `record` gives; or what is wrong with them.
    ///
    /// # Safety
    /// All that the record points to is there.
    pub unsafe fn fields(
        record: &strace2ds_record,
    ) -> Result<Vec<(&str, FieldGiven<'_>)>, &'static str> {
        // SAFETY: the caller vouches for it.
        let fields = unsafe { list(record.fields, record.field_count) };
        let fields = fields.ok_or("the columns are null")?;
        let read = fields.iter().map(|field| {
            if field.name.is_null() {
                return Err("a column's name is null");
            }
            // SAFETY: as above.
            let name = unsafe { CStr::from_ptr(field.name) };
            let name = name.to_str().map_err(|_| "a column's name is no text")?;
            let given = match field.kind {
                STRACE2DS_NUMBER => FieldGiven::Number(field.number),
                STRACE2DS_BYTES => {
                    // SAFETY: as above.
                    let bytes = unsafe { list(field.bytes.cast(), field.length) };
                    FieldGiven::Bytes(bytes.ok_or("a column's bytes are null")?)
                }
                _ => return Err("a column's kind is none"),
            };
            Ok((name, given))
        });
        read.collect()
    }

    /// The whole record.
    pub fn whole<'a>(
        given: &strace2ds_record,
        number: u32,
        fields: &'a [(&'a str, FieldGiven<'a>)],
    ) -> Record<'a> {
        let has_ids = (given.called_id, given.returned_id) != (0, 0);
        let failed = given.errno_number != 0;
        let value = if failed { -1 } else { given.return_value };
        Record {
            number,
            task: given.task,
            ids: has_ids.then_some((given.called_id, given.returned_id)),
            time_called: (given.time_called >= 0).then_some(given.time_called),
            time_returned: (given.time_returned >= 0).then_some(given.time_returned),
            arguments: given.arguments,
            returned: (given.returned != 0).then_some((value, given.errno_number)),
            fields,
        }
    }
}
