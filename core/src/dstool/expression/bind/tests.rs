use super::*;
use dataseries::{Checks, Compression, ExtentBuilder, Parts};
use std::sync::Arc;

const TYPE: &str = "<ExtentType name='Trace::Syscall::openat'>
    <field type='int32' name='descriptor' />
    <field type='int64' name='return_value' opt_nullable='yes' />
    <field type='variable32' name='given_pathname' opt_nullable='yes' />
    <field type='bool' name='flag_create' />
    <field type='double' name='weight' />
    <field type='int32' name='open_value' />
    <field type='byte' name='odd name' />
  </ExtentType>";

fn judged(text: &str) -> Result<bool, ExpressionError> {
    let ty = Arc::new(ExtentType::parse(TYPE).unwrap());
    let column = |name: &str| ty.column(name).unwrap();
    let mut builder = ExtentBuilder::new(ty.clone(), 1 << 20).unwrap();
    builder.set_template_nulls();
    builder.new_row();
    builder.set_int32(column("descriptor"), -100);
    builder.set_bytes(column("given_pathname"), b"/etc/hosts\0").unwrap();
    builder.set_bool(column("flag_create"), true);
    builder.set_double(column("weight"), 2.5);
    builder.set_int32(column("open_value"), 0x241);
    builder.set_byte(column("odd name"), 7);
    let stored = builder.take().compress(&Compression::none()).unwrap();
    let extent = stored.unpack(Parts::All, &Checks::ALL).unwrap();
    let condition = Condition::parse(text)?;
    condition.check_names(&[&ty])?;
    Ok(condition.bind(&ty)?.holds(&extent.row(0)))
}

#[test]
fn conditions_say_what_they_seem_to() {
    for (text, expected) in [
        ("descriptor == -100", true),
        ("descriptor = AT_FDCWD", true),
        ("descriptor <> AT_FDCWD", false),
        ("descriptor < 0 and weight > 2", true),
        ("weight == 2.5 && weight >= 2 && weight < 3", true),
        ("given_pathname == \"/etc/hosts\"", true),
        ("given_pathname =~ '^/etc/h\\w+$'", true),
        ("given_pathname =~ \"^/e\\w+/\"", true),
        ("given_pathname == '/\\x65tc/hosts'", true),
        ("given_pathname !~ 'hosts'", false),
        ("given_pathname contains 'tc/'", true),
        ("given_pathname not contains 'passwd'", true),
        ("given_pathname > '/bin'", true),
        ("return_value is null", true),
        ("return_value == null", true),
        ("return_value is not null or flag_create", true),
        ("return_value < 0", false),
        ("return_value >= 0", false),
        ("not return_value >= 0", true),
        ("open_value & 0x40", true),
        ("open_value & 3 == 1", true),
        ("open_value & 0x80 != 0", false),
        ("descriptor in (1, 2, -100)", true),
        ("descriptor not in (1, 2)", true),
        ("call in ('open', 'openat')", true),
        ("extent_type =~ 'Syscall'", true),
        ("flag_create == true and not (flag_create == false)", true),
        ("flag_create == 1", true),
        ("`odd name` == 7", true),
        ("open_value == 0x241 or 1 == 2 and 1 == 2", true),
        ("(open_value == 0x241 or 1 == 2) and 1 == 2", false),
        ("NOT flag_create OR FALSE", false),
    ] {
        let text = text.replace("FALSE", "false");
        assert_eq!(judged(&text), Ok(expected), "{text}");
    }
}

#[test]
fn what_does_not_fit_is_shown_where_it_is() {
    for (text, column, words) in [
        ("descriptor == 'x'", 12, "a number is compared with a text"),
        ("descriptor =~ 'x'", 12, "a text on its left"),
        ("weight & 1", 1, "a whole number on its left"),
        ("flag_create and descripter == 3", 17, "did you mean descriptor?"),
        ("nothing_like_it", 1, "there is no column nothing_like_it"),
    ] {
        let error = judged(text).unwrap_err().to_string();
        let expected = format!("condition, column {column}: ");
        assert!(error.starts_with(&expected) && error.contains(words), "{text}: {error}");
    }
}

#[test]
fn integers_keep_their_digits_beside_doubles() {
    assert_eq!(mixed(i64::MAX, 9.3e18), Some(Ordering::Less));
    assert_eq!(mixed(i64::MIN, -1e19), Some(Ordering::Greater));
    assert_eq!(mixed((1 << 53) + 1, 9_007_199_254_740_992.0), Some(Ordering::Greater));
    assert_eq!(mixed(2, 2.5), Some(Ordering::Less));
    assert_eq!(mixed(-2, -2.5), Some(Ordering::Greater));
    assert_eq!(mixed(3, f64::NAN), None);
}
