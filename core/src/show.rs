//! A record as people read it: the call with its columns, in the manner of strace(1).

use std::fmt::Write as _;
use std::path::PathBuf;

use dataseries::Value as Cell;
use replay_schema::{Column, Condition, Display, Observed};

use crate::record::{Batch, Record};
use crate::trace::RecordType;
use crate::verify::{self, returned};

/// Bytes shown of a value.
const SHOWN: usize = 32;

/// Rows shown of a record.
const ROWS: usize = 4;

/// What of a call is shown.
#[derive(Clone, Copy)]
pub enum Parts<'n> {
    /// All that was recorded.
    All,
    /// What the program passed, and what its descriptors are open on, where that is known.
    Passed(&'n dyn Fn(i32) -> Option<PathBuf>),
}

/// The call, as `openat(descriptor=AT_FDCWD, given_pathname="a", …)`.
pub fn call(ty: &RecordType, batch: &Batch, record: &Record, parts: Parts<'_>) -> String {
    let mut text = format!("{}(", ty.name);
    let Some(call) = &ty.call else {
        text.push(')');
        return text;
    };
    let arguments = verify::arguments(ty, batch, record);
    let observed = Observed { arguments, returned: None, memory: &[], element: None };
    let rows = batch.rows(record).len();
    let mut separator = "";
    for row in 0..rows.min(ROWS) {
        let cells = batch.cells(record, row);
        for (declared, column) in call.columns.iter().zip(&ty.columns) {
            let Some(column) = column else { continue };
            // Values of variable length are there only if somebody needs them.
            // Each row has its own columns, and the others' are empty there.
            let sources = if row == 0 { &declared.sources } else { &declared.elements };
            if rows > 1 && sources.is_empty() && call.encode.is_none() {
                continue;
            }
            let is_absent = column.kind == dataseries::FieldKind::Variable32
                && batch.rows(record)[row].pool.is_null();
            let is_result = call.is_result(declared) && matches!(parts, Parts::Passed(_));
            if is_absent || is_result {
                continue;
            }
            let Some(value) = value(declared, cells.get(column), &observed) else { continue };
            let _ = write!(text, "{separator}{}={value}", declared.name);
            if let (Parts::Passed(names), Cell::Int32(traced)) = (parts, cells.get(column))
                && declared.display == Display::Descriptor
                && let Some(path) = names(traced)
            {
                let _ = write!(text, "<{}>", path.display());
            }
            separator = ", ";
        }
        if row == 0 && rows > 1 {
            separator = "; ";
        }
    }
    if rows > ROWS {
        let _ = write!(text, "; … {} more rows", rows - ROWS);
    }
    text.push(')');
    text
}

/// The call and its recorded result, as `close(descriptor=3) = 0`.
pub fn line(ty: &RecordType, batch: &Batch, record: &Record, parts: Parts<'_>) -> String {
    format!("{} = {}", call(ty, batch, record, parts), result(record))
}

/// The recorded result.
pub fn result(record: &Record) -> String {
    match record.returned {
        true => returned(record.return_value, record.errno_number),
        false => "?".to_owned(),
    }
}

fn value(declared: &Column, cell: Cell<'_>, observed: &Observed<'_>) -> Option<String> {
    Some(match cell {
        Cell::Null | Cell::Bool(_) => return None,
        Cell::Double(number) => number.to_string(),
        Cell::Bytes(bytes) => bytes_text(declared, bytes),
        Cell::Byte(number) => number_in(declared, number.into(), observed),
        Cell::Int32(number) => number_in(declared, number.into(), observed),
        Cell::Int64(number) => number_in(declared, number, observed),
    })
}

fn bytes_text(declared: &Column, bytes: &[u8]) -> String {
    let is_path = declared.display == Display::Path;
    let bytes = if is_path { bytes.strip_suffix(b"\0").unwrap_or(bytes) } else { bytes };
    let most = if is_path { bytes.len() } else { bytes.len().min(SHOWN) };
    let more = if most < bytes.len() { "…" } else { "" };
    format!("\"{}\"{more}", bytes[..most].escape_ascii())
}

/// `number` as column `declared` shows it.
pub fn number(declared: &Column, number: i64) -> String {
    let nothing = Observed { arguments: [0; 6], returned: None, memory: &[], element: None };
    number_in(declared, number, &nothing)
}

fn number_in(declared: &Column, number: i64, observed: &Observed<'_>) -> String {
    let named = |bits: &replay_schema::Bit| {
        !bits.name.is_empty() && (bits.when == Condition::ALWAYS || bits.when.holds(observed))
    };
    match declared.display {
        Display::Octal => format!("{number:#o}").replacen("0o", "0", 1),
        Display::Hex => format!("{number:#x}"),
        Display::Descriptor if number == i64::from(libc::AT_FDCWD) => "AT_FDCWD".to_owned(),
        Display::Flags => {
            let mut rest = number as u64;
            let mut names = Vec::new();
            let (values, bits): (Vec<_>, Vec<_>) = declared
                .bits
                .iter()
                .filter(|bit| named(bit))
                .partition(|bit| bit.mask != bit.value);
            // A value of several bits first (an access mode), then single bits, the widest first.
            let mut bits = bits;
            bits.sort_by_key(|bit| std::cmp::Reverse(bit.mask.count_ones()));
            for bit in values.into_iter().chain(bits) {
                let applies = number as u64 & bit.mask == bit.value
                    && (bit.value == 0 || rest & bit.value == bit.value);
                if applies {
                    names.push(bit.name.clone());
                    rest &= !bit.value;
                }
            }
            let rest = rest & u64::from(u32::MAX);
            if rest != 0 || names.is_empty() {
                names.push(if rest == 0 { "0".to_owned() } else { format!("{rest:#x}") });
            }
            names.join("|")
        }
        Display::Names => {
            let found = declared
                .bits
                .iter()
                .find(|bit| named(bit) && number as u64 & bit.mask == bit.value);
            found.map_or_else(|| number.to_string(), |bit| bit.name.clone())
        }
        Display::Time => {
            let fraction = (number as u32 as u64 * 1_000_000_000) >> 32;
            format!("{}.{fraction:09}", number >> 32)
        }
        _ => number.to_string(),
    }
}
