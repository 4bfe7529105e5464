//! What each fuzz target does with its bytes. `tests/corpus.rs` does the same with the committed corpus,
//! so that every `cargo test` runs it.
//!
//! No bytes may make the reader panic, hang or use much memory; and what it accepts must hold together.

use std::sync::Arc;

use dataseries::text::{self, DumpOptions};
use dataseries::{
    Checks, Compression, End, Entry, Error, Extent, ExtentBuilder, ExtentType, File, Packed, Parts,
    RecoverOptions, Salvage, Stream, WriterOptions, recover,
};

/// Small, so that whatever claims more memory is noticed.
const PART_LIMIT: u64 = 8 << 20;

/// All checks, or as many as leave the decoders within reach of a fuzzer that knows no checksums.
fn checks(all: bool) -> Checks {
    let checks = if all { Checks::ALL } else { Checks { offsets: true, ..Checks::NONE } };
    Checks { part_limit: PART_LIMIT, ..checks }
}

/// A little-endian header and a type library with `types`, as they begin a file.
fn beginning(types: &[Arc<ExtentType>]) -> Vec<u8> {
    let options = WriterOptions { compression: Compression::none(), ..WriterOptions::default() };
    let file =
        dataseries::Writer::new(Vec::new(), "seed", types, options).expect("the types are good");
    let mut out = file;
    out.flush().expect("a vector takes everything");
    let length = out.offset() as usize;
    let mut bytes = out.finish().expect("a vector takes everything");
    bytes.truncate(length);
    bytes
}

/// The first bytes of a file.
pub fn header(bytes: &[u8]) {
    for all in [true, false] {
        // With an empty library behind them, good headers are opened.
        let mut file = bytes.to_vec();
        file.truncate(40);
        file.extend(&beginning(&[])[40..]);
        if let Ok(file) = File::from_bytes("header", file, checks(all)) {
            assert!(file.types().is_empty());
        }
        let _ = File::from_bytes("header", bytes.to_vec(), checks(all));
    }
}

/// A type description.
pub fn extent_type(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(ty) = ExtentType::parse(text) else { return };
    assert_eq!(ty.text(), text);
    assert!(!ty.name().is_empty() && ty.name().len() <= 255);
    for column in ty.columns() {
        assert!((column.offset + column.size) as usize <= ty.record_size(), "{}", column.name);
        assert_eq!(ty.column(&column.name), Some(column));
    }
    if ty.record_size() > 1 << 16 {
        return;
    }
    // What can be described can be written and read, unless its options contradict each other.
    let ty = Arc::new(ty);
    let Ok(mut builder) = ExtentBuilder::new(ty.clone(), 1 << 20) else { return };
    builder.new_row();
    builder.new_row();
    let stored = builder.take().compress(&Compression::default()).expect("two rows are few");
    let extent = stored.unpack(Parts::All, &Checks::ALL).expect("it was just written");
    assert_eq!(extent.row_count(), 2);
    let mut text = Vec::new();
    let mut printer = text::Printer::new(&ty);
    extent.rows().for_each(|row| printer.print_row(&row, &mut text));
}

/// The types whose extents the next target reads; the first byte chooses one.
pub const TYPES: [&str; 4] = [
    "<ExtentType name='t'><field type='bool' name='b'/><field type='byte' name='y'/>
       <field type='int32' name='i' pack_relative='i'/><field type='int64' name='q' opt_nullable='yes'/>
       <field type='double' name='d' pack_scale='0.5' pack_relative='d'/>
       <field type='variable32' name='s' pack_unique='yes'/><field type='variable32' name='u'/>
       <field type='fixedwidth' size='3' name='w'/></ExtentType>",
    "<ExtentType name='t' pack_null_compact='non_bool'><field type='bool' name='b' opt_nullable='yes'/>
       <field type='byte' name='y' opt_nullable='yes'/><field type='int32' name='i' opt_nullable='yes'/>
       <field type='int64' name='q' opt_nullable='yes' pack_relative='q'/>
       <field type='variable32' name='s' opt_nullable='yes'/></ExtentType>",
    "<ExtentType name='t' pack_field_ordering='big_to_small_sep_var32' pack_pad_record='max_column_size'>
       <field type='variable32' name='s'/><field type='byte' name='y'/></ExtentType>",
    "<ExtentType name='t'></ExtentType>",
];

/// An extent, after a byte that chooses its type.
pub fn extent(bytes: &[u8]) {
    let Some((choice, stored)) = bytes.split_first() else { return };
    let text = TYPES[usize::from(*choice) % TYPES.len()];
    let ty = Arc::new(ExtentType::parse(text).expect("the types are good"));
    let mut file = beginning(std::slice::from_ref(&ty));
    let offset = file.len() as u64;
    file.extend_from_slice(stored);
    let entry = Entry { offset, extent_type: ty };
    for all in [true, false] {
        let file =
            File::from_bytes("extent", file.clone(), checks(all)).expect("its beginning is good");
        let Ok(stored) = file.read(&entry) else { continue };
        let fixed = stored.unpack(Parts::Fixed, file.checks());
        let Ok(extent) = stored.unpack(Parts::All, file.checks()) else { continue };
        let fixed = fixed.expect("what is whole is whole in part");
        assert_eq!(fixed.fixed(), extent.fixed());
        read_everything(&extent);
        pack_again(extent);
    }
}

/// Looks at every value.
fn read_everything(extent: &Extent) {
    let mut printer = text::Printer::new(extent.extent_type());
    let mut text = Vec::new();
    for row in extent.rows().take(10_000) {
        printer.print_row(&row, &mut text);
        text.clear();
    }
}

/// What was read can be written, and reads the same, as far as its strings are whole.
fn pack_again(extent: Extent) {
    let again = Packed::from(extent.clone()).compress(&Compression::none());
    let Ok(again) = again else { return };
    let again = again.unpack(Parts::All, &Checks { offsets: false, ..Checks::ALL });
    let again = again.expect("it was just written");
    assert_eq!(again.row_count(), extent.row_count());
    assert_eq!(again.pool(), extent.pool());
}

/// An index extent, in a file that ends with a tail which leads to it.
pub fn index(bytes: &[u8]) {
    let ty = Arc::new(ExtentType::parse(TYPES[0]).expect("the types are good"));
    let mut file = beginning(std::slice::from_ref(&ty));
    let offset = file.len() as u64;
    file.extend_from_slice(bytes);
    // Without checks, only the place of the index counts in a tail.
    let mut tail = [0; 28];
    tail[4..8].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
    tail[16..24].copy_from_slice(&offset.to_le_bytes());
    file.extend_from_slice(&tail);
    for index in [true, false] {
        let checks = Checks { index, ..checks(false) };
        let Ok(file) = File::from_bytes("index", file.clone(), checks) else { return };
        let Ok(file) = file.with_index() else { continue };
        for entry in file.entries().iter().take(1000) {
            if let Ok(stored) = file.read(entry) {
                let _ = stored.unpack(Parts::All, file.checks());
            }
        }
    }
}

/// A whole file, in every way that it can be read.
pub fn file(bytes: &[u8]) {
    for all in [true, false] {
        by_index(bytes, checks(all));
        let scanned = by_scan(bytes, checks(all));
        let streamed = by_stream(bytes, checks(all));
        if let (Ok(scanned), Ok(streamed)) = (scanned, streamed) {
            assert_eq!(scanned, streamed, "a pipe gives what a file has");
        }
    }
    saved(bytes);
}

fn by_index(bytes: &[u8], checks: Checks) {
    let file = File::from_bytes("file", bytes.to_vec(), checks);
    let Ok(file) = file.and_then(File::with_index) else { return };
    let mut out = Limited(1 << 20);
    let _ = text::dump(&file, &mut out, DumpOptions::default());
}

/// Offsets of the extents behind the library, if all of them can be read.
fn by_scan(bytes: &[u8], checks: Checks) -> Result<Vec<u64>, Error> {
    let file = File::from_bytes("file", bytes.to_vec(), checks)?;
    let mut walker = file.walk();
    let mut offsets = Vec::new();
    while let Some(stored) = walker.next()? {
        offsets.push(stored.offset());
    }
    offsets.remove(0);
    Ok(offsets)
}

fn by_stream(bytes: &[u8], checks: Checks) -> Result<Vec<u64>, Error> {
    let mut stream = Stream::new(bytes, "file", checks)?;
    let mut offsets = Vec::new();
    while let Some(stored) = stream.next(|_| true)? {
        offsets.push(stored.offset());
        stream.recycle(stored);
    }
    Ok(offsets)
}

/// What is saved of a file is a good file with as many rows.
fn saved(bytes: &[u8]) {
    let Ok(file) = File::from_bytes("file", bytes.to_vec(), checks(true)) else { return };
    for resynchronise in [false, true] {
        let mut salvage = Salvage::new(&file, resynchronise);
        while salvage.next().is_some() {}
        let options = RecoverOptions { resynchronise, ..RecoverOptions::default() };
        let found =
            recover(&file, Vec::new(), "saved", options).expect("a vector takes everything");
        let good = File::from_bytes("saved", found.out, checks(true)).expect("it was just written");
        let good = good.with_index().expect("it was just written");
        let data: Vec<&Entry> = good.entries().iter().filter(|entry| entry.is_data()).collect();
        assert_eq!(data.len(), found.extents);
        let rows: u64 =
            data.iter().map(|entry| good.read(entry).map_or(0, |s| s.record_count() as u64)).sum();
        assert_eq!(rows, found.records);
        let (_, end) = good.with_scan();
        assert!(matches!(end, End::Tail(_)), "{end:?}");
    }
}

/// Takes so many bytes of text, then no more.
struct Limited(usize);

impl std::io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        self.0 = self.0.checked_sub(bytes.len()).ok_or_else(full)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
