//! Single values as JSON, CSV and text.

use std::io::Write;

use dataseries::{Column, FieldKind, Row, Value};

/// Whether a column of that name holds paths.
pub fn is_path(name: &str) -> bool {
    ["pathname", "oldname", "newname"].iter().any(|end| name.ends_with(end))
}

/// Whether a column holds texts that a trace stores with the NUL that ends them in C. Of such values
/// the NUL is left off where people or their programs read them.
pub fn ends_in_nul(column: &Column) -> bool {
    column.kind == FieldKind::Variable32
        && (is_path(&column.name)
            || matches!(column.name.as_str(), "argument" | "environment" | "xattr_name"))
}

/// The value without that NUL.
pub fn trimmed<'r>(column: &Column, bytes: &'r [u8]) -> &'r [u8] {
    match ends_in_nul(column) {
        true => bytes.strip_suffix(b"\0").unwrap_or(bytes),
        false => bytes,
    }
}

/// Appends bytes as hexadecimal digits.
pub fn hex(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

/// Appends a value as JSON: integers as integers, text as a string, other bytes as `{"hex": "…"}`.
pub fn json(row: &Row<'_>, column: &Column, exact: bool, out: &mut Vec<u8>) {
    match row.get(column) {
        Value::Null => out.extend(b"null"),
        Value::Bool(value) => out.extend(if value { &b"true"[..] } else { b"false" }),
        Value::Byte(number) => decimal(number.into(), out),
        Value::Int32(number) => decimal(number.into(), out),
        Value::Int64(number) => decimal(number, out),
        Value::Double(number) => json_double(number, out),
        Value::Bytes(bytes) => {
            let bytes = if exact { bytes } else { trimmed(column, bytes) };
            match std::str::from_utf8(bytes) {
                Ok(text) => string(text, out),
                Err(_) => {
                    out.extend(b"{\"hex\":\"");
                    hex(bytes, out);
                    out.extend(b"\"}");
                }
            }
        }
    }
}

/// Appends a JSON string.
pub fn string(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text)
        .expect("a string is valid JSON, and a vector takes everything");
}

fn json_double(number: f64, out: &mut Vec<u8>) {
    match number.is_finite() {
        true => serde_json::to_writer(out, &number).expect("a vector takes everything"),
        // JSON has no such numbers.
        false => string(&number.to_string(), out),
    }
}

fn decimal(number: i64, out: &mut Vec<u8>) {
    write!(out, "{number}").expect("a vector takes everything");
}

/// Appends a value as a CSV field holds it: text as it is, bytes that are none as `0x…`.
pub fn csv(row: &Row<'_>, column: &Column, exact: bool, out: &mut Vec<u8>) {
    match row.get(column) {
        Value::Null => {}
        Value::Bytes(bytes) => {
            let bytes = if exact { bytes } else { trimmed(column, bytes) };
            let is_text = std::str::from_utf8(bytes).is_ok_and(|text| {
                text.chars().all(|letter| !letter.is_control() || letter == '\n')
            });
            match is_text {
                true => out.extend(bytes),
                false => {
                    out.extend(b"0x");
                    hex(bytes, out);
                }
            }
        }
        Value::Double(number) => {
            write!(out, "{number}").expect("a vector takes everything");
        }
        _ => json(row, column, exact, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dataseries::{Checks, Compression, ExtentBuilder, ExtentType, Parts};
    use std::sync::Arc;

    /// The columns of a row in both forms, as `name json csv`.
    fn forms(exact: bool) -> Vec<String> {
        let ty = "<ExtentType name='t'>
            <field type='bool' name='yes'/><field type='byte' name='byte'/>
            <field type='int64' name='low'/><field type='double' name='half'/>
            <field type='double' name='none' /><field type='int32' name='null' opt_nullable='yes'/>
            <field type='variable32' name='given_pathname'/><field type='variable32' name='data'/>
            <field type='variable32' name='raw'/></ExtentType>";
        let ty = Arc::new(ExtentType::parse(ty).unwrap());
        let column = |name: &str| ty.column(name).unwrap();
        let mut builder = ExtentBuilder::new(ty.clone(), 1 << 20).unwrap();
        builder.set_template_nulls();
        builder.new_row();
        builder.set_bool(column("yes"), true);
        builder.set_byte(column("byte"), 255);
        builder.set_int64(column("low"), i64::MIN);
        builder.set_double(column("half"), 0.5);
        builder.set_double(column("none"), f64::NAN);
        builder.set_bytes(column("given_pathname"), b"/tmp/\"a\"\0").unwrap();
        builder.set_bytes(column("data"), "é\t\0".as_bytes()).unwrap();
        builder.set_bytes(column("raw"), &[0xff, 0]).unwrap();
        let stored = builder.take().compress(&Compression::none()).unwrap();
        let extent = stored.unpack(Parts::All, &Checks::ALL).unwrap();
        let forms = |column: &Column| {
            let (mut as_json, mut as_csv) = (Vec::new(), Vec::new());
            json(&extent.row(0), column, exact, &mut as_json);
            csv(&extent.row(0), column, exact, &mut as_csv);
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
            format!("{} {} {}", column.name, text(as_json), text(as_csv))
        };
        ty.columns().iter().map(forms).collect()
    }

    #[test]
    fn values_look_as_programs_want_them() {
        assert_eq!(
            forms(false),
            [
                "yes true true",
                "byte 255 255",
                "low -9223372036854775808 -9223372036854775808",
                "half 0.5 0.5",
                "none \"NaN\" NaN",
                "null null ",
                "given_pathname \"/tmp/\\\"a\\\"\" /tmp/\"a\"",
                "data \"é\\t\\u0000\" 0xc3a90900",
                "raw {\"hex\":\"ff00\"} 0xff00",
            ]
        );
        assert_eq!(forms(true)[6], r#"given_pathname "/tmp/\"a\"\u0000" 0x2f746d702f22612200"#);
    }
}
