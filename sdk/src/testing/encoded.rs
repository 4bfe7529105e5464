//! The rows that a plugin writes by itself.

use std::collections::BTreeMap;
use std::ffi::c_void;

use super::host::bytes;
use crate::Declared;

/// A row that a plugin wrote by itself: its columns are numbered as declared.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct EncodedRow {
    /// Whether it was written after the call returned.
    pub complete: bool,
    /// The columns that hold a number.
    pub numbers: BTreeMap<u32, i64>,
    /// The columns that hold bytes.
    pub bytes: BTreeMap<u32, Vec<u8>>,
}

/// The rows that `R` writes by itself of a call with these arguments and this memory, by declared
/// fetch; `returned` is the return value and errno of one that returned.
///
/// # Panics
/// If `R` leaves its rows to the columns, or panics.
pub fn encoded<R: Declared>(
    arguments: [u64; 6],
    memory: &[&[u8]],
    returned: Option<(i64, i32)>,
) -> Vec<EncodedRow> {
    unsafe extern "C" fn row(context: *mut c_void, complete: u32) {
        // SAFETY: the context is `rows` below.
        let rows = unsafe { &mut *context.cast::<Vec<EncodedRow>>() };
        rows.push(EncodedRow { complete: complete != 0, ..EncodedRow::default() });
    }
    unsafe extern "C" fn number(context: *mut c_void, column: u32, value: i64) {
        // SAFETY: as above.
        let rows = unsafe { &mut *context.cast::<Vec<EncodedRow>>() };
        rows.last_mut().expect("a row was started").numbers.insert(column, value);
    }
    unsafe extern "C" fn value(context: *mut c_void, column: u32, start: *const u8, length: u64) {
        // SAFETY: as above, and as `bytes` says.
        let (rows, value) =
            unsafe { (&mut *context.cast::<Vec<EncodedRow>>(), bytes(start, length)) };
        rows.last_mut().expect("a row was started").bytes.insert(column, value.to_vec());
    }
    let fetched = memory.iter().map(|memory| abi::Fetched {
        start: memory.as_ptr(),
        length: memory.len() as u64,
        failed: 0,
        reserved: 0,
    });
    let fetched: Vec<_> = fetched.collect();
    let (return_value, errno_number) = returned.unwrap_or_default();
    let event = abi::Event {
        arguments,
        return_value,
        errno_number,
        returned: returned.is_some().into(),
        fetched: fetched.as_ptr(),
        fetched_count: fetched.len() as u32,
        number: 0,
    };
    let mut rows: Vec<EncodedRow> = Vec::new();
    let sink = abi::RowSink { context: (&raw mut rows).cast(), row, number, bytes: value };
    let encode = R::ENCODE.expect("the plugin writes its rows by itself");
    // SAFETY: event and sink live through the call, with all they point to.
    let status = unsafe { encode(&raw const event, &raw const sink) };
    assert_eq!(status, abi::status::MADE);
    rows
}

/// `strings` as a host hands over what it copied of a NULL-terminated array.
pub fn items(strings: &[&[u8]]) -> Vec<u8> {
    let mut items = Vec::new();
    for string in strings {
        let length = string.len() as u64;
        for word in [0, length, length] {
            items.extend(word.to_ne_bytes());
        }
        items.extend(*string);
    }
    items
}
