//! Numbers and strings by the conventions of C's `printf`.

use std::io::Write;

/// Widths and precisions up to this are honoured. It is more than any column needs, and less than
/// a file could use to blow up its text.
const MAX_WIDTH: usize = 400;

/// A format with one conversion and the text around it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Format {
    before: Vec<u8>,
    after: Vec<u8>,
    left: bool,
    plus: bool,
    blank: bool,
    alternate: bool,
    zeros: bool,
    width: usize,
    precision: Option<usize>,
    conversion: Conversion,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Conversion {
    Signed,
    Unsigned,
    Octal,
    Hex { upper: bool },
    Fixed,
    Exponent { upper: bool },
    General { upper: bool },
    Char,
    Text,
}

impl Format {
    /// Reads a format; `None` if it has not exactly one conversion, or one that is not known.
    pub fn parse(format: &str) -> Option<Format> {
        let (before, rest) = literal(format.as_bytes())?;
        let (flags, rest) = split(rest, |byte| b"-+ #0".contains(&byte));
        let (width, rest) = split(rest, |byte| byte.is_ascii_digit());
        let (precision, rest) = match rest.split_first() {
            Some((b'.', rest)) => {
                let (digits, rest) = split(rest, |byte| byte.is_ascii_digit());
                (Some(number(digits)?), rest)
            }
            _ => (None, rest),
        };
        // How wide a number is, is known from its column.
        let (_, rest) = split(rest, |byte| b"hlLqjzt".contains(&byte));
        let (&conversion, rest) = rest.split_first()?;
        let conversion = match conversion {
            b'd' | b'i' => Conversion::Signed,
            b'u' => Conversion::Unsigned,
            b'o' => Conversion::Octal,
            b'x' | b'X' => Conversion::Hex { upper: conversion == b'X' },
            b'f' | b'F' => Conversion::Fixed,
            b'e' | b'E' => Conversion::Exponent { upper: conversion == b'E' },
            b'g' | b'G' => Conversion::General { upper: conversion == b'G' },
            b'c' => Conversion::Char,
            b's' => Conversion::Text,
            _ => return None,
        };
        let (after, rest) = literal(rest).unwrap_or_else(|| (unescaped(rest), &[]));
        if !rest.is_empty() {
            return None;
        }
        Some(Format {
            before,
            after,
            left: flags.contains(&b'-'),
            plus: flags.contains(&b'+'),
            blank: flags.contains(&b' '),
            alternate: flags.contains(&b'#'),
            zeros: flags.contains(&b'0'),
            width: number(width)?,
            precision,
            conversion,
        })
    }

    /// The default of doubles: `%.9g`.
    pub fn nine_digits() -> Format {
        Format::parse("%.9g").expect("the format is well-formed")
    }

    /// Appends an integer that comes from a column of `bits` bits.
    pub fn print_int(&self, value: i64, bits: u32, text: &mut Vec<u8>) {
        let pattern = value as u64 & (u64::MAX >> (64 - bits));
        match self.conversion {
            Conversion::Signed | Conversion::Text => {
                let digits = value.unsigned_abs().to_string();
                self.number(self.sign(value < 0), self.at_least(digits), true, text);
            }
            Conversion::Unsigned => {
                self.number("", self.at_least(pattern.to_string()), true, text);
            }
            Conversion::Octal => {
                let prefix = if self.alternate { "0" } else { "" };
                self.number(prefix, self.at_least(format!("{pattern:o}")), true, text);
            }
            Conversion::Hex { upper } => {
                let (prefix, digits) = match upper {
                    true => ("0X", format!("{pattern:X}")),
                    false => ("0x", format!("{pattern:x}")),
                };
                let prefix = if self.alternate && pattern != 0 { prefix } else { "" };
                self.number(prefix, self.at_least(digits), true, text);
            }
            Conversion::Char => self.around(&[value as u8], text),
            Conversion::Fixed | Conversion::Exponent { .. } | Conversion::General { .. } => {
                self.print_double(value as f64, text);
            }
        }
    }

    /// Appends a double.
    pub fn print_double(&self, value: f64, text: &mut Vec<u8>) {
        let precision = self.precision.unwrap_or(6);
        let magnitude = value.abs();
        let digits = match self.conversion {
            _ if value.is_nan() => "nan".to_owned(),
            _ if value.is_infinite() => "inf".to_owned(),
            Conversion::Fixed => format!("{magnitude:.precision$}"),
            Conversion::Exponent { .. } => exponent_form(magnitude, precision, false),
            Conversion::General { .. } => general_form(magnitude, precision, !self.alternate),
            _ => return self.print_int(value as i64, 64, text),
        };
        let upper = Conversion::Exponent { upper: true } == self.conversion
            || Conversion::General { upper: true } == self.conversion;
        let digits = if upper { digits.to_uppercase() } else { digits };
        self.number(self.sign(value.is_sign_negative()), digits, value.is_finite(), text);
    }

    /// Appends a string. Conversions for numbers leave it as it is.
    pub fn print_bytes(&self, value: &[u8], text: &mut Vec<u8>) {
        let length = self.precision.unwrap_or(usize::MAX).min(value.len());
        self.around(&value[..length], text);
    }

    fn sign(&self, negative: bool) -> &'static str {
        match () {
            () if negative => "-",
            () if self.plus => "+",
            () if self.blank => " ",
            () => "",
        }
    }

    /// An integer's digits, with zeros up to the precision.
    fn at_least(&self, digits: String) -> String {
        match self.precision {
            Some(0) if digits == "0" => String::new(),
            Some(precision) => format!("{digits:0>precision$}"),
            None => digits,
        }
    }

    fn number(&self, sign: &str, digits: String, may_fill: bool, text: &mut Vec<u8>) {
        let integer = !matches!(
            self.conversion,
            Conversion::Fixed | Conversion::Exponent { .. } | Conversion::General { .. }
        );
        // A precision replaces the zeros of an integer.
        let fill = self.zeros && !self.left && may_fill && !(integer && self.precision.is_some());
        let zeros = match fill {
            true => self.width.saturating_sub(sign.len() + digits.len()),
            false => 0,
        };
        self.around(format!("{sign}{:0>zeros$}{digits}", "").as_bytes(), text);
    }

    /// Appends the text around the conversion, and what came of it in its width.
    fn around(&self, converted: &[u8], text: &mut Vec<u8>) {
        text.extend_from_slice(&self.before);
        let blanks = self.width.saturating_sub(converted.len());
        let pad = |text: &mut Vec<u8>| text.resize(text.len() + blanks, b' ');
        if !self.left {
            pad(text);
        }
        text.extend_from_slice(converted);
        if self.left {
            pad(text);
        }
        text.extend_from_slice(&self.after);
    }
}

/// Like `%e` without a sign; with `short`, without zeros at the end of the fraction.
fn exponent_form(magnitude: f64, precision: usize, short: bool) -> String {
    let text = format!("{magnitude:.precision$e}");
    let (digits, exponent) = text.split_once('e').expect("the exponent form has an exponent");
    let exponent: i32 = exponent.parse().expect("the exponent is a number");
    let digits = if short { without_zeros(digits) } else { digits };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

/// Like `%g` without a sign.
fn general_form(magnitude: f64, precision: usize, short: bool) -> String {
    let significant = precision.max(1);
    // The exponent counts after rounding to the digits that are shown.
    let rounded = format!("{magnitude:.*e}", significant - 1);
    let (_, exponent) = rounded.split_once('e').expect("the exponent form has an exponent");
    let exponent: i32 = exponent.parse().expect("the exponent is a number");
    if exponent < -4 || exponent >= significant as i32 {
        return exponent_form(magnitude, significant - 1, short);
    }
    let decimals = (significant as i32 - 1 - exponent) as usize;
    let text = format!("{magnitude:.decimals$}");
    if short { without_zeros(&text).to_owned() } else { text }
}

fn without_zeros(digits: &str) -> &str {
    match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.'),
        false => digits,
    }
}

/// The text before the next conversion, and what follows its percent sign.
fn literal(format: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut at = 0;
    while at < format.len() {
        match (format[at], format.get(at + 1)) {
            (b'%', Some(b'%')) => at += 2,
            (b'%', _) => return Some((unescaped(&format[..at]), &format[at + 1..])),
            _ => at += 1,
        }
    }
    None
}

fn unescaped(literal: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut bytes = literal.iter();
    while let Some(&byte) = bytes.next() {
        text.push(byte);
        if byte == b'%' {
            bytes.next();
        }
    }
    text
}

fn split(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|&byte| !belongs(byte)).unwrap_or(bytes.len());
    bytes.split_at(end)
}

fn number(digits: &[u8]) -> Option<usize> {
    if digits.is_empty() {
        return Some(0);
    }
    let number = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (number <= MAX_WIDTH).then_some(number)
}

/// Appends an integer as `%d` prints it.
pub(super) fn print_decimal(value: i64, text: &mut Vec<u8>) {
    write!(text, "{value}").expect("a vector takes everything");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(format: &str, value: i64, bits: u32) -> String {
        let mut text = Vec::new();
        Format::parse(format).unwrap().print_int(value, bits, &mut text);
        String::from_utf8(text).unwrap()
    }

    fn double(format: &str, value: f64) -> String {
        let mut text = Vec::new();
        Format::parse(format).unwrap().print_double(value, &mut text);
        String::from_utf8(text).unwrap()
    }

    fn bytes(format: &str, value: &str) -> String {
        let mut text = Vec::new();
        Format::parse(format).unwrap().print_bytes(value.as_bytes(), &mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn integers_look_as_in_c() {
        for (format, value, bits, expected) in [
            ("%d", -5, 32, "-5"),
            ("%lld", i64::MIN, 64, "-9223372036854775808"),
            ("V%d", 3, 32, "V3"),
            ("%x", -1, 32, "ffffffff"),
            ("%llx", -1, 64, "ffffffffffffffff"),
            ("%02X", 10, 8, "0A"),
            ("%08x", 0xbeef, 32, "0000beef"),
            ("%#x", 255, 32, "0xff"),
            ("%#08x", 255, 32, "0x0000ff"),
            ("%u", -1, 32, "4294967295"),
            ("%o", 8, 32, "10"),
            ("%5d|", 42, 32, "   42|"),
            ("%-5d|", 42, 32, "42   |"),
            ("%+d", 42, 32, "+42"),
            ("% d", 42, 32, " 42"),
            ("%05d", -42, 32, "-0042"),
            ("%.3d", 7, 32, "007"),
            ("%c", 65, 8, "A"),
            ("100%% %d%%", 1, 32, "100% 1%"),
            ("%.2f", 3, 32, "3.00"),
        ] {
            assert_eq!(int(format, value, bits), expected, "{format}");
        }
    }

    #[test]
    fn doubles_look_as_in_c() {
        for (format, value, expected) in [
            ("%.9g", 0.1, "0.1"),
            ("%.9g", 100000.0, "100000"),
            ("%.9g", 0.526675524, "0.526675524"),
            ("%.9g", 1e9, "1e+09"),
            ("%.9g", 123456789.0, "123456789"),
            ("%.9g", 999999999.9, "1e+09"),
            ("%.9g", 0.0001, "0.0001"),
            ("%.9g", 0.00001, "1e-05"),
            ("%.9g", -0.0, "-0"),
            ("%.9g", 1e-310, "1e-310"),
            ("%.9g", f64::INFINITY, "inf"),
            ("%.9g", f64::NEG_INFINITY, "-inf"),
            ("%.9g", f64::NAN, "nan"),
            ("%g", 1234567.0, "1.23457e+06"),
            ("%#.3g", 1.0, "1.00"),
            ("%.0g", 15.0, "2e+01"),
            ("%f", 1.5, "1.500000"),
            ("%.0f", 2.5, "2"),
            ("%8.2f", -1.005, "   -1.00"),
            ("%08.2f", -1.5, "-0001.50"),
            ("%08f", f64::INFINITY, "     inf"),
            ("%e", 12345.678, "1.234568e+04"),
            ("%.2E", 0.00012, "1.20E-04"),
            ("%d", 3.7, "3"),
        ] {
            assert_eq!(double(format, value), expected, "{format} of {value}");
        }
    }

    #[test]
    fn strings_look_as_in_c() {
        assert_eq!(bytes("<%s>", "abc"), "<abc>");
        assert_eq!(bytes("%-5s|", "abc"), "abc  |");
        assert_eq!(bytes("%5.2s|", "abc"), "   ab|");
    }

    #[test]
    fn what_is_no_format_is_refused() {
        for format in ["", "text", "%", "%5", "%y", "%d %d", "%9999d", "%.99999d", "%*d", "%p"] {
            assert_eq!(Format::parse(format), None, "{format}");
        }
    }
}
