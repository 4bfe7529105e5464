//! What a plugin calls to write rows: each is checked against its declaration.

use std::ffi::c_void;

use dataseries::FieldKind;
use replay_core::crash::InPlugin;
use replay_core::own_memory;
use replay_schema::{Call, EncodeFn, RowRule};

use super::{Misdeed, OwnRow, Seen, Value};

/// More rows than one call has.
const MOST_ROWS: usize = 1 << 20;

/// The longest message of a panic that is kept.
const LONGEST: usize = 1024;

/// The rows of the call that `seen` is of, by the plugin that has `call`, on this thread.
///
/// # Errors
/// What the plugin did wrong.
pub fn rows(
    encode: EncodeFn,
    call: &Call,
    kinds: &[FieldKind],
    seen: &Seen<'_>,
    record: i64,
) -> Result<Vec<OwnRow>, Misdeed> {
    let fetched = seen.memory.iter().map(|bytes| abi::Fetched {
        start: bytes.map_or(std::ptr::null(), <[u8]>::as_ptr),
        length: bytes.map_or(0, <[u8]>::len) as u64,
        failed: (seen.is_incomplete && bytes.is_none()).into(),
        reserved: 0,
    });
    let fetched: Vec<abi::Fetched> = fetched.collect();
    let (return_value, errno_number) = seen.returned.unwrap_or((0, 0));
    let event = abi::Event {
        arguments: seen.arguments,
        return_value,
        errno_number,
        returned: seen.returned.is_some().into(),
        fetched: fetched.as_ptr(),
        fetched_count: fetched.len() as u32,
        number: seen.number,
    };
    let mut context = Context { call, kinds, rows: Vec::new(), misdeed: None };
    let sink = abi::RowSink {
        context: (&raw mut context).cast(),
        row: sink_row,
        number: sink_number,
        bytes: sink_bytes,
    };
    let in_plugin = InPlugin::record(call.plugin, record);
    // SAFETY: event and sink live through the call, as does all they point to; the plugin was
    // checked when it was loaded.
    let status = unsafe { encode(&raw const event, &raw const sink) };
    drop(in_plugin);
    match status {
        abi::status::MADE => {}
        abi::status::PANICKED => return Err(Misdeed::Panicked(last_words(call))),
        status => return Err(Misdeed::Status(status)),
    }
    let Context { rows, misdeed, .. } = context;
    if let Some(misdeed) = misdeed {
        return Err(misdeed);
    }
    match call.rows {
        RowRule::Single if rows.len() != 1 => Err(Misdeed::Rows(rows.len())),
        _ if rows.is_empty() => Err(Misdeed::Rows(0)),
        _ => Ok(rows),
    }
}

/// Why the plugin that has `call` last panicked.
fn last_words(call: &Call) -> String {
    let Some(last_words) = call.last_words else { return String::new() };
    let mut text = vec![0; LONGEST];
    // SAFETY: there is so much room.
    let length = unsafe { last_words(text.as_mut_ptr(), text.len() as u64) };
    text.truncate(usize::try_from(length).unwrap_or(0));
    String::from_utf8_lossy(&text).into_owned()
}

/// What a plugin's row functions act on.
struct Context<'c> {
    call: &'c Call,
    kinds: &'c [FieldKind],
    rows: Vec<OwnRow>,
    misdeed: Option<Misdeed>,
}

impl Context<'_> {
    fn row(&mut self, is_complete: bool) {
        if self.rows.len() >= MOST_ROWS {
            self.misdeed.get_or_insert(Misdeed::Rows(MOST_ROWS + 1));
            return;
        }
        self.rows.push(OwnRow { is_complete, values: Vec::new() });
    }

    fn set(&mut self, column: u32, value: impl FnOnce(FieldKind) -> Result<Value, String>) {
        let number = column as usize;
        let (Some(kind), Some(row)) = (self.kinds.get(number), self.rows.last_mut()) else {
            self.misdeed.get_or_insert(Misdeed::Column(column));
            return;
        };
        match value(*kind) {
            Ok(value) => row.values.push((number, value)),
            Err(value) => {
                let column = self.call.columns[number].name.clone();
                let kind = kind.name();
                self.misdeed.get_or_insert(Misdeed::Value { column, kind, value });
            }
        }
    }
}

/// Whether a column of type `kind` holds `number`; one of 32 bits may be meant without a sign.
fn holds(kind: FieldKind, number: i64) -> bool {
    match kind {
        FieldKind::Bool => (0..=1).contains(&number),
        FieldKind::Byte => (-0x80..=0xff).contains(&number),
        FieldKind::Int32 => (i32::MIN.into()..=u32::MAX.into()).contains(&number),
        FieldKind::Int64 | FieldKind::Double => true,
        FieldKind::Variable32 | FieldKind::FixedWidth => false,
    }
}

unsafe extern "C" fn sink_row(context: *mut c_void, complete: u32) {
    // SAFETY: the context is that of the call that is being encoded.
    unsafe { &mut *context.cast::<Context<'_>>() }.row(complete != 0);
}

unsafe extern "C" fn sink_number(context: *mut c_void, column: u32, value: i64) {
    // SAFETY: as in `sink_row`.
    unsafe { &mut *context.cast::<Context<'_>>() }.set(column, |kind| {
        if holds(kind, value) { Ok(Value::Number(value)) } else { Err(value.to_string()) }
    });
}

unsafe extern "C" fn sink_bytes(context: *mut c_void, column: u32, start: *const u8, length: u64) {
    // SAFETY: as in `sink_row`.
    let context = unsafe { &mut *context.cast::<Context<'_>>() };
    let is_stock = context.call.is_stock;
    context.set(column, |kind| {
        if kind != FieldKind::Variable32 {
            return Err(format!("{length} bytes"));
        }
        let bytes = match is_stock && length > 0 {
            // SAFETY: a stock plugin passes a slice's own pointer and length.
            true => Some(unsafe { std::slice::from_raw_parts(start, length as usize) }.to_vec()),
            // SAFETY: the plugin says that the bytes are there, and the kernel is asked.
            false => unsafe { own_memory::copy(start, length) },
        };
        let bytes = bytes.map(Value::Bytes);
        bytes.ok_or_else(|| format!("{length} bytes at {start:?}, where they can't be read"))
    });
}
