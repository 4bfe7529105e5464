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
    /// The pieces of `record`.
    ///
    /// # Safety
    /// All that the record points to is there.
    pub unsafe fn new(record: &'a strace2ds_record) -> Self {
        // SAFETY: the caller vouches for it.
        Self { pieces: unsafe { list(record.memory, record.memory_count) } }
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

/// # Safety
/// `start` and `count` describe items that are there, or `count` is 0.
unsafe fn list<'a, T>(start: *const T, count: usize) -> &'a [T] {
    if start.is_null() || count == 0 {
        return &[];
    }
    // SAFETY: the caller vouches for it.
    unsafe { std::slice::from_raw_parts(start, count) }
}

/// Records as the recorder has them.
pub mod record {
    use recorder::feed::{FieldGiven, Record};

    use super::{CStr, list, strace2ds_record};
    use crate::types::STRACE2DS_NUMBER;

    /// The columns that `record` gives; none if one has no name.
    ///
    /// # Safety
    /// All that the record points to is there.
    pub unsafe fn fields(record: &strace2ds_record) -> Option<Vec<(&str, FieldGiven<'_>)>> {
        // SAFETY: the caller vouches for it.
        let fields = unsafe { list(record.fields, record.field_count) };
        let read = fields.iter().map(|field| {
            if field.name.is_null() {
                return None;
            }
            // SAFETY: as above.
            let name = unsafe { CStr::from_ptr(field.name) }.to_str().ok()?;
            Some((
                name,
                match field.kind {
                    STRACE2DS_NUMBER => FieldGiven::Number(field.number),
                    // SAFETY: as above.
                    _ => FieldGiven::Bytes(unsafe { list(field.bytes.cast(), field.length) }),
                },
            ))
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
