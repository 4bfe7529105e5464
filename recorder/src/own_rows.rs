//! Rows that a plugin writes itself.
//!
//! They are put aside until the plugin has returned, and taken only if all of them are as it declared. What
//! a plugin does wrong is counted and kept under its name; the call is then recorded as if the plugin had
//! left the rows to us.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::fmt;

use dataseries::FieldKind;
use replay_core::crash::InPlugin;
use replay_core::guard::{FsChanges, Guard, OwnDescriptors};
use replay_core::misdeed::Misdeed as Beside;
use replay_core::own_memory;
use replay_schema::{Call, EncodeFn, RowRule};

/// More rows than one call has.
const MOST_ROWS: usize = 1 << 20;

/// The longest message of a panic that is kept.
const LONGEST: usize = 1024;

/// What a plugin did wrong.
#[derive(Debug)]
pub enum Misdeed {
    /// It panicked, with this message.
    Panicked(String),
    /// It answered with a status that isn't one of an encoding.
    Status(u32),
    /// It wrote another number of rows than its declaration says.
    Rows(usize),
    /// It set a column before the first row, or one that it didn't declare.
    Column(u32),
    /// It set a column to what that can't hold.
    Value {
        /// The column's name.
        column: String,
        /// What it can hold.
        kind: &'static str,
        /// What it was set to.
        value: String,
    },
    /// Anything that a plugin must leave alone in general.
    Beside(Beside),
}

impl fmt::Display for Misdeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked(message) if message.is_empty() => f.write_str("it panicked"),
            Self::Panicked(message) => write!(f, "it {}", message.replace('\n', " ")),
            Self::Status(status) => write!(f, "it answered with status {status}"),
            Self::Rows(rows) => {
                write!(f, "it wrote {rows} rows, which isn't what it declared")
            }
            Self::Column(column) => write!(f, "it set column {column}, which isn't there"),
            Self::Value { column, kind, value } => {
                write!(f, "it set column {column}, of type {kind}, to {value}")
            }
            Self::Beside(misdeed) => write!(f, "it {misdeed}"),
        }
    }
}

/// What a plugin did wrong, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misdeeds {
    /// How often.
    pub count: u64,
    /// What, the first time.
    pub first: String,
    /// The record of that.
    pub record: i64,
}

/// By the plugins' names.
pub type ByPlugin = BTreeMap<&'static str, Misdeeds>;

/// What people should know of it, a line for each plugin.
pub fn told(misdeeds: &ByPlugin) -> impl Iterator<Item = String> {
    misdeeds.iter().map(|(plugin, Misdeeds { count, first, record })| {
        format!(
            "the plugin `{plugin}` failed to write the rows of {count} calls, which were recorded \
             without it; the first time, at record {record}, {first}"
        )
    })
}

/// A value that a plugin sets.
#[derive(Debug)]
pub enum Value {
    /// Of a column of numbers.
    Number(i64),
    /// Of a column of bytes.
    Bytes(Vec<u8>),
}

/// A row that a plugin writes.
#[derive(Debug, Default)]
pub struct OwnRow {
    /// Whether it is written after the call returned.
    pub is_complete: bool,
    /// Columns, numbered as declared, and their values.
    pub values: Vec<(usize, Value)>,
}

/// Lets plugins write rows, on one thread.
#[derive(Debug)]
pub struct OwnRows {
    guard: Guard,
    changes: FsChanges,
}

impl OwnRows {
    /// On the calling thread, of a recorder with these descriptors.
    pub fn new(own: OwnDescriptors) -> Self {
        Self { guard: Guard::new(own), changes: FsChanges::default() }
    }

    /// The rows of `event`, by the plugin that has `call`; `kinds` are the types of its columns.
    ///
    /// # Errors
    /// What the plugin did wrong.
    pub fn write(
        &mut self,
        encode: EncodeFn,
        call: &Call,
        kinds: &[FieldKind],
        event: &abi::Event,
        record: i64,
    ) -> Result<Vec<OwnRow>, Misdeed> {
        let mut context = Context { call, kinds, rows: Vec::new(), misdeed: None };
        let sink = abi::RowSink {
            context: (&raw mut context).cast(),
            row: sink_row,
            number: sink_number,
            bytes: sink_bytes,
        };
        let before = match call.is_stock {
            true => Ok(()),
            false => self.guard.before(0, &self.changes),
        };
        let in_plugin = InPlugin::record(call.plugin, record);
        // SAFETY: event and sink live through the call, as does all they point to; the plugin was
        // checked when it was loaded.
        let status = unsafe { encode(event, &raw const sink) };
        drop(in_plugin);
        let beside =
            if call.is_stock { Ok(()) } else { before.and(self.guard.after(&self.changes)) };
        match status {
            abi::status::MADE => {}
            abi::status::PANICKED => return Err(Misdeed::Panicked(last_words(call))),
            status => return Err(Misdeed::Status(status)),
        }
        let Context { rows, misdeed, .. } = context;
        if let Some(misdeed) = misdeed {
            return Err(misdeed);
        }
        beside.map_err(Misdeed::Beside)?;
        match call.rows {
            RowRule::Single if rows.len() != 1 => Err(Misdeed::Rows(rows.len())),
            _ if rows.is_empty() => Err(Misdeed::Rows(0)),
            _ => Ok(rows),
        }
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
