use std::sync::Arc;

use super::*;
use crate::ExtentBuilder;
use crate::Parts;
use crate::text::Printer;

/// The rows of a type with these fields, as text.
fn printed(fields: &str, fill: impl Fn(&mut ExtentBuilder, &[Column])) -> String {
    let text = format!("<ExtentType name='t'>{fields}</ExtentType>");
    let ty = Arc::new(ExtentType::parse(&text).unwrap());
    let mut builder = ExtentBuilder::new(Arc::clone(&ty), 1 << 20).unwrap();
    fill(&mut builder, ty.columns());
    let stored = builder.take().compress(&crate::Compression::none()).unwrap();
    let extent = stored.unpack(Parts::All, &crate::Checks::ALL).unwrap();
    let mut printer = Printer::new(&ty);
    let mut text = Vec::new();
    extent.rows().for_each(|row| printer.print_row(&row, &mut text));
    String::from_utf8(text).unwrap()
}

fn int64s(attributes: &str, values: &[i64]) -> String {
    printed(&format!("<field type='int64' name='a' {attributes}/>"), |builder, columns| {
        for &value in values {
            builder.new_row();
            builder.set_int64(&columns[0], value);
        }
    })
}

fn string(attributes: &str, value: &[u8]) -> String {
    printed(&format!("<field type='variable32' name='a' {attributes}/>"), |builder, columns| {
        builder.new_row();
        builder.set_bytes(&columns[0], value).unwrap();
    })
}

#[test]
fn bools_and_bytes() {
    let fields = "<field type='bool' name='a'/>
        <field type='bool' name='b' print_true='on' print_false='off'/>
        <field type='byte' name='c' print_format='0x%02x'/>
        <field type='byte' name='d' opt_nullable='yes'/>";
    let text = printed(fields, |builder, columns| {
        for value in [true, false] {
            builder.new_row();
            builder.set_bool(&columns[0], value);
            builder.set_bool(&columns[1], value);
            builder.set_byte(&columns[2], 10);
            if value {
                builder.set_null(&columns[3]);
            }
        }
    });
    assert_eq!(text, "T on 0x0a null\nF off 0x0a 0\n");
}

#[test]
fn int32_divides_towards_zero_and_knows_addresses() {
    let fields = "<field type='int32' name='a' print_divisor='10'/>
        <field type='int32' name='b' print_format='ipv4'/>
        <field type='int32' name='c' print_divisor='0'/>";
    let text = printed(fields, |builder, columns| {
        builder.new_row();
        builder.set_int32(&columns[0], -15);
        builder.set_int32(&columns[1], 0x0a6e_011a);
        builder.set_int32(&columns[2], 7);
    });
    assert_eq!(text, "-1 10.110.1.26 7\n");
}

#[test]
fn int64_subtracts_and_divides() {
    assert_eq!(int64s("print_offset='first' print_divisor='2'", &[10, 20, 5]), "0\n5\n-2\n");
    assert_eq!(int64s("print_offset='7'", &[10]), "3\n");
    assert_eq!(int64s("print_divisor='-1'", &[i64::MIN]), "-9223372036854775808\n");
    let fields = "<field type='int64' name='a'/>
        <field type='int64' name='b' print_offset='relativeto:a'/>";
    let text = printed(fields, |builder, columns| {
        builder.new_row();
        builder.set_int64(&columns[0], 100);
        builder.set_int64(&columns[1], 130);
    });
    assert_eq!(text, "100 30\n");
}

#[test]
fn times_show_seconds_and_nanoseconds() {
    let seconds = |units: &str, value| {
        let attributes = format!("print_format='sec.nsec' epoch='unix' units='{units}'");
        int64s(&attributes, &[value])
    };
    assert_eq!(seconds("nanoseconds", 1_169_687_547_330_604_000), "1169687547.330604000\n");
    assert_eq!(seconds("microseconds", 1_500_001), "1.500001000\n");
    assert_eq!(seconds("2^-32 seconds", (5 << 32) + (1 << 31)), "5.500000000\n");
    assert_eq!(seconds("2^-32 seconds", (6 << 32) - 1), "6.000000000\n");
    assert_eq!(seconds("fortnights", 3), "3\n");
}

#[test]
fn doubles_take_bases_into_account() {
    let fields = "<field type='double' name='a' opt_doublebase='1000'/>
        <field type='double' name='b' print_offset='relativeto:a' print_multiplier='1000'
               print_format='%.1f'/>";
    let text = printed(fields, |builder, columns| {
        builder.new_row();
        builder.set_double(&columns[0], 0.5);
        builder.set_double(&columns[1], 1002.0);
    });
    assert_eq!(text, "0.5 1500.0\n");
}

#[test]
fn strings_have_styles() {
    assert_eq!(string("", b"plain text~"), "plain text~\n");
    assert_eq!(string("", b"a\n"), "610a\n");
    assert_eq!(string("", b""), "\n");
    assert_eq!(string("print_style='hex'", b"ab"), "6162\n");
    assert_eq!(string("print_style='text'", b"a\tb"), "a\tb\n");
    assert_eq!(string("print_style='csv'", b"say \"hi\""), "\"say \"\"hi\"\"\"\n");
    assert_eq!(string("print_hex='no' print_style='text'", b"ab"), "6162\n");
    assert_eq!(string("print_maybehex='yes' print_style='hex'", b"ab"), "ab\n");
    assert_eq!(string("print_format='&lt;%s&gt;'", b"\x01"), "<01>\n");
}

#[test]
fn fixed_width_values_are_text_or_hex() {
    let text = printed("<field type='fixedwidth' size='3' name='a'/>", |builder, columns| {
        for value in [b"abc", b"ab\0"] {
            builder.new_row();
            builder.set_bytes(&columns[0], value).unwrap();
        }
    });
    assert_eq!(text, "abc\n616200\n");
}
