//! One field of a row as text.

use super::printf;
use super::printf::Format;
use crate::extent::Row;
use crate::extent::Value;
use crate::extent_type::Column;
use crate::extent_type::ExtentType;
use crate::layout::FieldKind;

/// Prints one field, as its attributes ask for.
#[derive(Debug, Clone)]
pub(super) struct FieldPrinter {
    column: Column,
    style: Style,
}

#[derive(Debug, Clone)]
enum Style {
    Bool { yes: Vec<u8>, no: Vec<u8> },
    Byte(Option<Format>),
    Int32 { look: Int32Look, divisor: i32 },
    Int64 { look: Int64Look, divisor: i64, origin: Origin<i64> },
    Double { format: Format, multiplier: f64, origin: Origin<f64> },
    Bytes { look: BytesLook, format: Option<Format> },
}

#[derive(Debug, Clone)]
enum Int32Look {
    Number(Option<Format>),
    Ipv4,
}

#[derive(Debug, Clone)]
enum Int64Look {
    Number(Option<Format>),
    Seconds(Unit),
}

/// What a time counts.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Fraction32,
    Nanoseconds,
    Microseconds,
}

#[derive(Debug, Clone, Copy)]
enum BytesLook {
    Hex,
    MaybeHex,
    Csv,
    Text,
}

/// What is subtracted from values before they are printed.
#[derive(Debug, Clone)]
enum Origin<T> {
    Number(T),
    /// The first value printed, once there is one.
    First(Option<T>),
    /// Another field of the row, and what to add to it.
    Field(Box<Column>, T),
}

impl FieldPrinter {
    pub fn new(ty: &ExtentType, column: &Column) -> FieldPrinter {
        let attribute = |name| column.attribute(name);
        let format = || attribute("print_format").and_then(Format::parse);
        let style = match column.kind {
            FieldKind::Bool => Style::Bool {
                yes: attribute("print_true").unwrap_or("T").into(),
                no: attribute("print_false").unwrap_or("F").into(),
            },
            FieldKind::Byte => Style::Byte(format()),
            FieldKind::Int32 => Style::Int32 {
                look: match attribute("print_format") {
                    Some("ipv4") => Int32Look::Ipv4,
                    _ => Int32Look::Number(format()),
                },
                divisor: divisor(attribute("print_divisor")),
            },
            FieldKind::Int64 => Style::Int64 {
                look: match unit(column) {
                    Some(unit) => Int64Look::Seconds(unit),
                    None => Int64Look::Number(format()),
                },
                divisor: divisor(attribute("print_divisor")),
                origin: origin(ty, column, |_| 0),
            },
            FieldKind::Double => Style::Double {
                format: format().unwrap_or_else(Format::nine_digits),
                multiplier: parsed(attribute("print_multiplier")).unwrap_or(1.0),
                origin: origin(ty, column, |field| field.double_base - column.double_base),
            },
            FieldKind::Variable32 => Style::Bytes { look: bytes_look(column), format: format() },
            FieldKind::FixedWidth => Style::Bytes { look: BytesLook::MaybeHex, format: None },
        };
        FieldPrinter { column: column.clone(), style }
    }

    pub fn column(&self) -> &Column {
        &self.column
    }

    pub fn print(&mut self, row: &Row<'_>, text: &mut Vec<u8>) {
        match (row.get(&self.column), &mut self.style) {
            (Value::Bool(value), Style::Bool { yes, no }) => {
                text.extend_from_slice(if value { yes } else { no });
            }
            (Value::Byte(value), Style::Byte(format)) => {
                print_int(format, value.into(), 8, text);
            }
            (Value::Int32(value), Style::Int32 { look: Int32Look::Ipv4, .. }) => {
                let [a, b, c, d] = value.to_be_bytes();
                text.extend_from_slice(format!("{a}.{b}.{c}.{d}").as_bytes());
            }
            (Value::Int32(value), Style::Int32 { look: Int32Look::Number(format), divisor }) => {
                print_int(format, value.wrapping_div(*divisor).into(), 32, text);
            }
            (Value::Int64(value), Style::Int64 { look, divisor, origin }) => {
                let base = origin.of(row, value, |row, field| row.int64(field), i64::wrapping_add);
                match look {
                    Int64Look::Seconds(unit) => print_seconds(*unit, value, text),
                    Int64Look::Number(format) => {
                        let value = value.wrapping_sub(base).wrapping_div(*divisor);
                        print_int(format, value, 64, text);
                    }
                }
            }
            (Value::Double(value), Style::Double { format, multiplier, origin }) => {
                let base = origin.of(row, value, |row, field| row.double(field), |a, b| a + b);
                format.print_double(*multiplier * (value - base), text);
            }
            (Value::Bytes(value), Style::Bytes { look, format }) => match format {
                None => look.print(value, text),
                Some(format) => {
                    let mut plain = Vec::new();
                    look.print(value, &mut plain);
                    format.print_bytes(&plain, text);
                }
            },
            _ => text.extend_from_slice(b"null"),
        }
    }
}

impl<T: Copy> Origin<T> {
    fn of(
        &mut self,
        row: &Row<'_>,
        value: T,
        read: impl Fn(&Row<'_>, &Column) -> T,
        add: impl Fn(T, T) -> T,
    ) -> T {
        match self {
            Origin::Number(number) => *number,
            Origin::First(first) => *first.get_or_insert(value),
            Origin::Field(field, more) => add(read(row, field), *more),
        }
    }
}

fn parsed<T: std::str::FromStr>(attribute: Option<&str>) -> Option<T> {
    attribute.and_then(|value| value.parse().ok())
}

fn divisor<T: std::str::FromStr + From<i8> + PartialEq>(attribute: Option<&str>) -> T {
    parsed(attribute).filter(|divisor| *divisor != T::from(0)).unwrap_or_else(|| T::from(1))
}

fn origin<T: std::str::FromStr + Default>(
    ty: &ExtentType,
    column: &Column,
    more: impl Fn(&Column) -> T,
) -> Origin<T> {
    let attribute = column.attribute("print_offset");
    let field = attribute
        .and_then(|value| value.strip_prefix("relativeto:"))
        .and_then(|name| ty.column(name))
        .filter(|field| field.kind == column.kind);
    match (attribute, field) {
        (Some("first"), _) => Origin::First(None),
        (_, Some(field)) => Origin::Field(Box::new(field.clone()), more(field)),
        _ => Origin::Number(parsed(attribute).unwrap_or_default()),
    }
}

fn unit(column: &Column) -> Option<Unit> {
    if column.attribute("print_format") != Some("sec.nsec")
        || column.attribute("epoch") != Some("unix")
    {
        return None;
    }
    match column.attribute("units")? {
        "2^-32 seconds" => Some(Unit::Fraction32),
        "nanoseconds" => Some(Unit::Nanoseconds),
        "microseconds" => Some(Unit::Microseconds),
        _ => None,
    }
}

fn bytes_look(column: &Column) -> BytesLook {
    if column.attribute("print_hex").is_some() {
        return BytesLook::Hex;
    }
    if column.attribute("print_maybehex").is_some() {
        return BytesLook::MaybeHex;
    }
    match column.attribute("print_style") {
        Some("hex") => BytesLook::Hex,
        Some("csv") => BytesLook::Csv,
        Some("text") => BytesLook::Text,
        _ => BytesLook::MaybeHex,
    }
}

fn print_int(format: &Option<Format>, value: i64, bits: u32, text: &mut Vec<u8>) {
    match format {
        Some(format) => format.print_int(value, bits, text),
        None => printf::print_decimal(value, text),
    }
}

/// Prints seconds, a dot and nine digits.
fn print_seconds(unit: Unit, value: i64, text: &mut Vec<u8>) {
    let (seconds, nanoseconds) = match unit {
        Unit::Nanoseconds => (value.div_euclid(1_000_000_000), value.rem_euclid(1_000_000_000)),
        Unit::Microseconds => (value.div_euclid(1_000_000), value.rem_euclid(1_000_000) * 1000),
        Unit::Fraction32 => {
            let fraction = (value & 0xffff_ffff) as f64;
            let nanoseconds = (fraction * (1e9 / 4_294_967_296.0)).round() as i64;
            (value >> 32, nanoseconds)
        }
    };
    // The largest fractions round up to a whole second.
    let (seconds, nanoseconds) =
        (seconds + nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    text.extend_from_slice(format!("{seconds}.{nanoseconds:09}").as_bytes());
}

impl BytesLook {
    fn print(self, value: &[u8], text: &mut Vec<u8>) {
        let printable = || value.iter().all(|byte| (0x20..=0x7e).contains(byte));
        match self {
            BytesLook::Text => text.extend_from_slice(value),
            BytesLook::MaybeHex if printable() => text.extend_from_slice(value),
            BytesLook::Hex | BytesLook::MaybeHex => {
                const DIGITS: &[u8; 16] = b"0123456789abcdef";
                let digits = value
                    .iter()
                    .flat_map(|byte| [DIGITS[(byte >> 4) as usize], DIGITS[(byte & 15) as usize]]);
                text.extend(digits);
            }
            BytesLook::Csv => {
                text.push(b'"');
                for &byte in value {
                    if byte == b'"' {
                        text.push(byte);
                    }
                    text.push(byte);
                }
                text.push(b'"');
            }
        }
    }
}

#[cfg(test)]
mod tests;
