//! Any schema, any options, any rows: what is written comes back.

mod common;

use std::fmt::Write;
use std::sync::Arc;

use dataseries::ByteOrder;
use dataseries::Checks;
use dataseries::Codec;
use dataseries::Column;
use dataseries::Compression;
use dataseries::Extent;
use dataseries::ExtentBuilder;
use dataseries::ExtentType;
use dataseries::FieldKind;
use dataseries::File;
use dataseries::Parts;
use dataseries::StoredExtent;
use dataseries::Value;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::sample::subsequence;

const KINDS: [FieldKind; 7] = [
    FieldKind::Bool,
    FieldKind::Byte,
    FieldKind::Int32,
    FieldKind::Int64,
    FieldKind::Double,
    FieldKind::Variable32,
    FieldKind::FixedWidth,
];

#[derive(Debug, Clone)]
struct Field {
    kind: Index,
    nullable: bool,
    width: u32,
    unique: bool,
    scale: Option<&'static str>,
    relative: Option<Index>,
}

#[derive(Debug, Clone)]
struct Options {
    null_compact: bool,
    pad_max: bool,
    big_to_small: bool,
}

/// One value of any kind, or null where that is possible.
#[derive(Debug, Clone)]
struct Cell {
    null: bool,
    number: i64,
    bytes: Vec<u8>,
}

fn field() -> impl Strategy<Value = Field> {
    let scale = prop::option::of(prop::sample::select(vec!["0.5", "0.25", "-0.5"]));
    let relative = prop::option::of(any::<Index>());
    (any::<Index>(), any::<bool>(), 1..20_u32, any::<bool>(), scale, relative).prop_map(
        |(kind, nullable, width, unique, scale, relative)| Field {
            kind,
            nullable,
            width,
            unique,
            scale,
            relative,
        },
    )
}

fn options() -> impl Strategy<Value = Options> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(null_compact, pad_max, big_to_small)| Options { null_compact, pad_max, big_to_small },
    )
}

fn cell() -> impl Strategy<Value = Cell> {
    // Few different values, so that some are shared; now and then a long or an extreme one.
    let number = prop_oneof![
        -3..3_i64,
        any::<i32>().prop_map(i64::from),
        any::<i64>(),
        Just(i64::MIN),
        Just(i64::MAX)
    ];
    let bytes = prop_oneof![vec(0..3_u8, 0..3), vec(any::<u8>(), 0..40)];
    (any::<bool>(), number, bytes).prop_map(|(null, number, bytes)| Cell { null, number, bytes })
}

fn text(fields: &[Field], options: &Options) -> String {
    let yes_no = |yes| if yes { "yes" } else { "no" };
    let mut text = String::from("<ExtentType name='any' version='1.0'");
    if options.pad_max {
        text.push_str(" pack_pad_record='max_column_size'");
    }
    // Together the two have no meaning.
    if options.null_compact {
        text.push_str(" pack_null_compact='non_bool'");
    } else if options.big_to_small {
        text.push_str(" pack_field_ordering='big_to_small_sep_var32'");
    }
    text.push_str(">\n<field name='first' type='bool'/>\n");
    let mut known: Vec<(FieldKind, String)> = Vec::new();
    for (number, field) in fields.iter().enumerate() {
        let kind = *field.kind.get(&KINDS);
        let name = format!("f{number}");
        write!(text, "<field name='{name}' type='{}'", kind.name()).unwrap();
        write!(text, " opt_nullable='{}'", yes_no(field.nullable)).unwrap();
        match kind {
            FieldKind::FixedWidth => {
                let width = if options.null_compact { 1 } else { field.width };
                write!(text, " size='{width}'").unwrap();
            }
            FieldKind::Variable32 => {
                write!(text, " pack_unique='{}'", yes_no(field.unique)).unwrap();
            }
            _ => {}
        }
        let scale = field.scale.filter(|_| kind == FieldKind::Double);
        if let Some(scale) = scale {
            write!(text, " pack_scale='{scale}'").unwrap();
        }
        let can_be_relative =
            matches!(kind, FieldKind::Int32 | FieldKind::Int64 | FieldKind::Double);
        if let Some(base) = field.relative.filter(|_| can_be_relative) {
            let mut bases: Vec<&str> = known
                .iter()
                .filter(|(other, _)| *other == kind)
                .map(|(_, name)| name.as_str())
                .collect();
            if kind != FieldKind::Double || scale.is_some() {
                bases.push(&name);
            }
            if !bases.is_empty() {
                write!(text, " pack_relative='{}'", base.get(&bases)).unwrap();
            }
        }
        text.push_str("/>\n");
        known.push((kind, name));
    }
    text.push_str("</ExtentType>\n");
    text
}

/// The value that a cell gives in a column.
fn value<'a>(column: &Column, cell: &'a Cell) -> Value<'a> {
    match column.kind {
        _ if cell.null && column.nullable => Value::Null,
        FieldKind::Bool => Value::Bool(cell.number % 2 == 0),
        FieldKind::Byte => Value::Byte(cell.number as u8),
        FieldKind::Int32 => Value::Int32(cell.number as i32),
        FieldKind::Int64 => Value::Int64(cell.number),
        // Multiples of every scale, small enough that sums and differences are exact.
        FieldKind::Double => Value::Double(f64::from(cell.number as i32) * 0.5),
        FieldKind::Variable32 => Value::Bytes(&cell.bytes),
        // A cell's bytes have the wrong length, so all such values are the same.
        FieldKind::FixedWidth => Value::Bytes(&[0x5a; 20][..column.size as usize]),
    }
}

fn set(builder: &mut ExtentBuilder, column: &Column, value: Value<'_>) {
    match value {
        Value::Null => builder.set_null(column),
        Value::Bool(value) => builder.set_bool(column, value),
        Value::Byte(value) => builder.set_byte(column, value),
        Value::Int32(value) => builder.set_int32(column, value),
        Value::Int64(value) => builder.set_int64(column, value),
        Value::Double(value) => builder.set_double(column, value),
        Value::Bytes(value) => builder.set_bytes(column, value).unwrap(),
    }
}

fn assert_rows(extents: &[Extent], rows: &[Vec<Cell>]) -> Result<(), TestCaseError> {
    let mut expected = rows.iter();
    for extent in extents {
        let columns = extent.extent_type().columns();
        for row in extent.rows() {
            let cells = expected.next().expect("no more rows than were written");
            for (column, cell) in columns.iter().zip(cells) {
                prop_assert_eq!(row.get(column), value(column, cell), "{}", &column.name);
            }
        }
    }
    prop_assert!(expected.next().is_none());
    Ok(())
}

fn build(
    ty: &Arc<ExtentType>,
    rows: &[Vec<Cell>],
    target_size: usize,
    mut fill: impl FnMut(&mut ExtentBuilder, &[Cell]),
    mut done: impl FnMut(&mut ExtentBuilder),
) {
    let mut builder = ExtentBuilder::new(Arc::clone(ty), target_size).unwrap();
    for cells in rows {
        if builder.is_full() {
            done(&mut builder);
        }
        builder.new_row();
        fill(&mut builder, cells);
    }
    done(&mut builder);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_comes_back(
        fields in vec(field(), 0..12),
        options in options(),
        rows in vec(vec(cell(), 13), 0..60),
        fixed_codecs in subsequence(Codec::ALL.to_vec(), 0..=2),
        variable_codecs in subsequence(Codec::ALL.to_vec(), 0..=8),
        big in any::<bool>(),
        target_size in prop_oneof![Just(1_usize), 500..3000_usize, Just(1 << 20)],
    ) {
        let order = if big { ByteOrder::Big } else { ByteOrder::Little };
        let ty = common::parse(&text(&fields, &options));
        let compression = Compression::per_part(&fixed_codecs, &variable_codecs).unwrap();

        let mut stored: Vec<StoredExtent> = Vec::new();
        build(
            &ty,
            &rows,
            target_size,
            |builder, cells| {
                for (column, cell) in ty.columns().iter().zip(cells) {
                    set(builder, column, value(column, cell));
                }
            },
            |builder| stored.push(builder.take().compress_in(order, &compression).unwrap()),
        );
        let bytes = common::write(std::slice::from_ref(&ty), &stored, compression);

        let file = File::from_bytes("any", bytes, Checks::ALL).unwrap();
        let mut walked = Vec::new();
        let mut walker = file.walk();
        while let Some(stored) = walker.next().unwrap() {
            if !stored.extent_type().is_reserved() {
                walked.push(stored.unpack(Parts::All, file.checks()).unwrap());
            }
        }
        let chain = walker.chain();
        assert_rows(&walked, &rows)?;

        let file = file.with_index().unwrap();
        prop_assert_eq!(file.byte_order(), order);
        prop_assert_eq!(file.tail().unwrap().chain, chain);
        let indexed: Vec<Extent> = common::extents(&file)
            .filter(|(stored, _)| !stored.extent_type().is_reserved())
            .map(|(_, extent)| extent)
            .collect();
        assert_rows(&indexed, &rows)?;
        for (extent, stored) in indexed.iter().zip(&stored) {
            let fixed = stored.unpack(Parts::Fixed, &Checks::ALL).unwrap();
            prop_assert_eq!(fixed.fixed(), extent.fixed());
        }
    }

    /// The bytes of an extent follow from its rows alone: not from the order of the calls, from
    /// values that were replaced, or from the way in which nulls came about.
    #[test]
    fn equal_rows_have_equal_bytes(
        fields in vec(field(), 0..8),
        options in options(),
        rows in vec(vec(cell(), 9), 1..20),
        first_thoughts in vec((any::<Index>(), cell()), 0..10),
        reverse in any::<bool>(),
    ) {
        let ty = common::parse(&text(&fields, &options));
        let none = Compression::none();
        let mut plain = Vec::new();
        let mut devious = Vec::new();
        build(
            &ty,
            &rows,
            usize::MAX,
            |builder, cells| {
                for (column, cell) in ty.columns().iter().zip(cells) {
                    set(builder, column, value(column, cell));
                }
            },
            |builder| plain.push(builder.take().compress(&none).unwrap()),
        );
        let mut spare = dataseries::Packed::default();
        build(
            &ty,
            &rows,
            usize::MAX,
            |builder, cells| {
                builder.set_template_nulls();
                for (index, cell) in &first_thoughts {
                    let column = index.get(ty.columns());
                    set(builder, column, value(column, cell));
                }
                let mut pairs: Vec<_> = ty.columns().iter().zip(cells).collect();
                if reverse {
                    pairs.reverse();
                }
                for (column, cell) in pairs {
                    set(builder, column, value(column, cell));
                }
            },
            |builder| {
                builder.take_into(&mut spare);
                devious.push(spare.compress(&none).unwrap());
            },
        );
        for (plain, devious) in plain.iter().zip(&devious) {
            prop_assert_eq!(plain.bytes(), devious.bytes());
        }
    }
}
