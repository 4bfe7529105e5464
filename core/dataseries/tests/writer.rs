//! What a writer accepts, and what it leaves behind.

mod common;

use std::io;
use std::io::Write;
use std::sync::Arc;

use common::parse;
use dataseries::ByteOrder;
use dataseries::Checks;
use dataseries::Codec;
use dataseries::Compression;
use dataseries::End;
use dataseries::Error;
use dataseries::Extent;
use dataseries::ExtentBuilder;
use dataseries::ExtentType;
use dataseries::File;
use dataseries::Packed;
use dataseries::Parts;
use dataseries::StoredExtent;
use dataseries::Writer;
use dataseries::WriterOptions;

fn numbers(name: &str) -> Arc<ExtentType> {
    parse(&format!("<ExtentType name='{name}'><field type='int32' name='n'/></ExtentType>"))
}

fn extent(ty: &Arc<ExtentType>, values: std::ops::Range<i32>) -> StoredExtent {
    let mut builder = ExtentBuilder::new(Arc::clone(ty), 1 << 20).unwrap();
    for value in values {
        builder.new_row();
        builder.set_int32(&ty.columns()[0], value);
    }
    builder.take().compress(&Compression::default()).unwrap()
}

fn writer(types: &[Arc<ExtentType>]) -> Result<Writer<Vec<u8>>, Error> {
    Writer::new(Vec::new(), "out", types, WriterOptions::default())
}

#[test]
fn a_dropped_writer_leaves_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dropped.ds");
    let ty = numbers("t");
    let types = std::slice::from_ref(&ty);
    let mut writer = Writer::create(&path, types, WriterOptions::default()).unwrap();
    let (file, end) = File::scan(&path, Checks::ALL).unwrap();
    assert!(file.entries().len() == 1 && matches!(end, End::Unfinished));
    writer.write(&extent(&ty, 0..10)).unwrap();
    writer.write(&extent(&ty, 10..30)).unwrap();
    drop(writer);

    let error = File::open(&path, Checks::ALL).unwrap_err();
    assert!(matches!(error, Error::BadTail { .. }), "{error}");
    let (file, end) = File::scan(&path, Checks::ALL).unwrap();
    assert!(matches!(end, End::Unfinished));
    let rows: Vec<usize> =
        common::extents(&file).skip(1).map(|(_, extent)| extent.row_count()).collect();
    assert_eq!(rows, [10, 20]);
}

#[test]
fn a_finished_file_opens_by_its_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("finished.ds");
    let [a, b] = ["a", "b"].map(numbers);
    let types = [Arc::clone(&b), Arc::clone(&a)];
    let mut writer = Writer::create(&path, &types, WriterOptions::default()).unwrap();
    let first = writer.write(&extent(&b, 0..5)).unwrap();
    writer.write(&extent(&a, 0..5)).unwrap();
    writer.write(&extent(&b, 0..0)).unwrap();
    writer.finish().unwrap();

    let file = File::open(&path, Checks::ALL).unwrap();
    let names: Vec<&str> = file.entries().iter().map(|entry| entry.extent_type.name()).collect();
    assert_eq!(names, ["DataSeries: XmlType", "b", "a", "b", "DataSeries: ExtentIndex"]);
    assert_eq!(file.entries()[1].offset, first);
    let listed: Vec<&str> = file.types().iter().map(|ty| ty.name()).collect();
    assert_eq!(listed, ["a", "b"]);
    assert_eq!(file.read_prefix(&file.entries()[2]).unwrap().records, 5);
    // Threads read it at once.
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| common::extents(&file).count());
        }
    });
}

#[test]
fn types_that_do_not_go_together_are_refused() {
    let reserved = Arc::clone(ExtentType::index_type());
    assert!(matches!(writer(&[reserved]), Err(Error::BadType { .. })));
    let other = parse("<ExtentType name='t'/>");
    assert!(matches!(writer(&[numbers("t"), other]), Err(Error::BadType { .. })));
    assert!(writer(&[numbers("t"), numbers("t")]).is_ok());
}

#[test]
fn extents_that_do_not_belong_are_refused() {
    let ty = numbers("t");
    let mut writer = writer(std::slice::from_ref(&ty)).unwrap();
    let before = writer.offset();
    let unlisted = extent(&numbers("u"), 0..1);
    assert!(matches!(writer.write(&unlisted), Err(Error::Unwritable { .. })));
    let other = parse("<ExtentType name='t'><field type='int32' name='m'/></ExtentType>");
    assert!(matches!(writer.write(&extent(&other, 0..1)), Err(Error::Unwritable { .. })));
    let index = Packed::default().compress(&Compression::none()).unwrap();
    assert!(matches!(writer.write(&index), Err(Error::Unwritable { .. })));
    let mut packed = Packed::from(extent(&ty, 0..3).unpack(Parts::All, &Checks::ALL).unwrap());
    let big = packed.compress_in(ByteOrder::Big, &Compression::none()).unwrap();
    assert!(matches!(writer.write(&big), Err(Error::Unwritable { .. })));
    assert_eq!(writer.offset(), before);
    // The same text in another allocation is the same type.
    writer.write(&extent(&numbers("t"), 0..1)).unwrap();
}

/// Takes a number of writes, then is full.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.checked_sub(1) {
            Some(left) => {
                self.0 = left;
                Ok(bytes.len())
            }
            None => Err(io::ErrorKind::StorageFull.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn after_a_failed_write_nothing_follows() {
    let ty = numbers("t");
    let types = std::slice::from_ref(&ty);
    let mut writer = Writer::new(Full(2), "full", types, WriterOptions::default()).unwrap();
    let extent = extent(&ty, 0..3);
    writer.write(&extent).unwrap();
    assert!(matches!(writer.write(&extent), Err(Error::Io { .. })));
    assert!(matches!(writer.write(&extent), Err(Error::Io { .. })));
    let error = writer.finish().map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("an earlier write failed"), "{error}");
}

#[test]
fn contradictory_types_cannot_be_built() {
    for text in [
        "<ExtentType name='t' pack_null_compact='non_bool'
           pack_field_ordering='big_to_small_sep_var32'><field type='bool' name='b'/></ExtentType>",
        "<ExtentType name='t' pack_null_compact='non_bool'><field type='bool' name='b'/>
           <field type='fixedwidth' size='2' name='w'/></ExtentType>",
    ] {
        assert!(ExtentBuilder::new(parse(text), 1).is_err());
    }
}

#[test]
fn a_fixed_width_value_must_fit() {
    let ty =
        parse("<ExtentType name='t'><field type='fixedwidth' size='3' name='w'/></ExtentType>");
    let mut builder = ExtentBuilder::new(Arc::clone(&ty), 1).unwrap();
    builder.new_row();
    builder.set_bytes(&ty.columns()[0], b"abc").unwrap();
    let error = builder.set_bytes(&ty.columns()[0], b"ab").unwrap_err();
    assert_eq!(
        error.to_string(),
        "extent type 't', field 'w': the value has another length than the field"
    );
}

/// Section 12 by example: these rows are known to give these bytes.
#[test]
fn null_compacted_rows_give_the_known_extent() {
    let ty = parse(
        "<ExtentType name='nc' pack_null_compact='non_bool'>
           <field type='bool' name='b'/>
           <field type='byte' name='y' opt_nullable='yes'/>
           <field type='int32' name='i' opt_nullable='yes' pack_relative='i'/>
           <field type='int64' name='q' opt_nullable='yes'/>
           <field type='variable32' name='s' opt_nullable='yes' pack_unique='yes'/>
         </ExtentType>",
    );
    let [b, y, i, q, s] = ["b", "y", "i", "q", "s"].map(|name| ty.column(name).unwrap());
    let mut builder = ExtentBuilder::new(Arc::clone(&ty), 1 << 20).unwrap();
    builder.set_template_nulls();
    builder.new_row();
    builder.set_bool(b, true);
    builder.set_byte(y, 65);
    builder.set_int32(i, 1000);
    builder.set_int64(q, -2);
    builder.set_bytes(s, b"hello").unwrap();
    builder.new_row();
    builder.new_row();
    builder.set_bool(b, true);
    builder.set_int32(i, 1003);
    builder.set_bytes(s, b"hello").unwrap();
    builder.new_row();
    builder.set_byte(y, 66);
    builder.set_int64(q, 5);
    builder.set_bytes(s, b"").unwrap();
    let stored = builder.take().compress(&Compression::none()).unwrap();
    let prefix = stored.prefix();
    assert_eq!((prefix.stored_fixed, prefix.stored_variable), (56, 16));
    assert_eq!((prefix.records, prefix.variable_size), (4, 20));
    assert_eq!((prefix.adler, prefix.bjhash), (0xe33c_0e26, 0x003a_b547));
    let extent = stored.unpack(Parts::All, &Checks::ALL).unwrap();
    assert_eq!(extent.row(2).int32(i), 1003);
    assert!(extent.row(1).is_null(s));
}

#[test]
fn everything_can_go_to_another_thread() {
    fn moves<T: Send + Sync>() {}
    moves::<File>();
    moves::<Extent>();
    moves::<ExtentBuilder>();
    moves::<Packed>();
    moves::<StoredExtent>();
    moves::<Compression>();
    moves::<Error>();
}

#[test]
fn library_and_index_are_compressed_as_asked() {
    let types: Vec<Arc<ExtentType>> = (0..50).map(|n| numbers(&format!("type{n}"))).collect();
    let size = |codecs: &[Codec]| {
        let compression = Compression::new(codecs).unwrap();
        common::write(&types, &[extent(&types[0], 0..100)], compression).len()
    };
    assert!(size(&[Codec::Zlib]) < size(&[]) / 3);
}
