//! Damaged bytes give errors: never a panic, and with all checks on never a wrong value.

mod common;

use std::sync::Arc;

use dataseries::ByteOrder;
use dataseries::Checks;
use dataseries::Codec;
use dataseries::Compression;
use dataseries::Error;
use dataseries::ExtentBuilder;
use dataseries::File;
use dataseries::Part;
use dataseries::Parts;
use dataseries::RecoverOptions;
use dataseries::StoredExtent;
use dataseries::text;
use dataseries::text::DumpOptions;
use proptest::prelude::*;

const PLAIN: &str = "<ExtentType name='plain'>
  <field type='int64' name='id' pack_relative='id' />
  <field type='int64' name='reply' pack_relative='id' opt_nullable='yes' />
  <field type='variable32' name='path' pack_unique='yes' />
  <field type='variable32' name='data' opt_nullable='yes' print_style='hex' />
  <field type='double' name='time' pack_scale='0.001' pack_relative='time' />
</ExtentType>
";
const COMPACT: &str = "<ExtentType name='compact' pack_null_compact='non_bool'>
  <field type='bool' name='flag' />
  <field type='int32' name='number' opt_nullable='yes' />
  <field type='variable32' name='text' opt_nullable='yes' />
</ExtentType>
";
const EMPTY: &str = "<ExtentType name='empty'></ExtentType>\n";

/// A small file with one extent of each type for every codec.
fn sample(order: ByteOrder) -> Vec<u8> {
    let [plain, compact, empty] = [PLAIN, COMPACT, EMPTY].map(common::parse);
    let mut extents: Vec<StoredExtent> = Vec::new();
    for codec in [Codec::None, Codec::Zlib, Codec::Bz2, Codec::Lzf, Codec::Snappy, Codec::Lz4] {
        let compression = Compression::new(&[codec]).unwrap();
        let mut builder = ExtentBuilder::new(Arc::clone(&plain), 1 << 20).unwrap();
        for number in 0..12 {
            let columns = plain.columns();
            builder.new_row();
            builder.set_int64(&columns[0], 1000 + number);
            if number % 3 == 0 {
                builder.set_null(&columns[1]);
            } else {
                builder.set_int64(&columns[1], 1002 + number);
            }
            builder.set_bytes(&columns[2], b"/etc/hosts").unwrap();
            builder.set_bytes(&columns[3], &[7; 30][..number as usize * 2]).unwrap();
            builder.set_double(&columns[4], number as f64 * 0.5);
        }
        extents.push(builder.take().compress_in(order, &compression).unwrap());

        let mut builder = ExtentBuilder::new(Arc::clone(&compact), 1 << 20).unwrap();
        builder.set_template_nulls();
        for number in 0..12 {
            let columns = compact.columns();
            builder.new_row();
            builder.set_bool(&columns[0], number % 2 == 0);
            if number % 3 == 0 {
                builder.set_int32(&columns[1], number);
                builder.set_bytes(&columns[2], b"text text text text").unwrap();
            }
        }
        extents.push(builder.take().compress_in(order, &compression).unwrap());
    }
    let mut builder = ExtentBuilder::new(Arc::clone(&empty), 1 << 20).unwrap();
    builder.new_row();
    extents.push(builder.take().compress_in(order, &Compression::none()).unwrap());
    extents.push(builder.take().compress_in(order, &Compression::none()).unwrap());
    common::write(&[plain, compact, empty], &extents, Compression::default())
}

/// Opens, reads and prints everything there is.
fn read_all(bytes: &[u8], checks: Checks) -> Result<Vec<u8>, Error> {
    let file = File::from_bytes("damaged", bytes.to_vec(), checks)?.with_index()?;
    let mut out = Vec::new();
    text::dump(&file, &mut out, DumpOptions::default())?;
    Ok(out)
}

/// Reads and prints whatever can be reached without the index.
fn scan_all(bytes: &[u8], checks: Checks) {
    let Ok(file) = File::from_bytes("damaged", bytes.to_vec(), checks) else {
        return;
    };
    let (file, _) = file.with_scan();
    for entry in file.entries() {
        if let Ok(stored) = file.read(entry) {
            let _ = stored.unpack(Parts::Fixed, file.checks());
        }
    }
    let _ = text::dump(&file, &mut Vec::new(), DumpOptions::default());
}

#[test]
fn the_sample_itself_is_good() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        read_all(&sample(order), Checks::ALL).unwrap();
    }
    let [little, big] = [ByteOrder::Little, ByteOrder::Big].map(sample);
    let text = |bytes: &[u8]| {
        let file = File::from_bytes("order", bytes.to_vec(), Checks::ALL).unwrap();
        let mut out = Vec::new();
        let options = DumpOptions { index: false, ..DumpOptions::default() };
        text::dump(&file.with_index().unwrap(), &mut out, options).unwrap();
        out
    };
    assert_eq!(text(&little), text(&big));
}

/// Code 7 is LZ4 too; only writers make a difference.
#[test]
fn both_lz4_codes_are_read() {
    let ty = common::parse(PLAIN);
    let mut builder = ExtentBuilder::new(Arc::clone(&ty), 1 << 20).unwrap();
    for number in 0..100 {
        builder.new_row();
        builder.set_int64(&ty.columns()[0], number);
    }
    let lz4 = Compression::new(&[Codec::Lz4]).unwrap();
    let stored = builder.take().compress(&lz4).unwrap();
    assert_eq!(stored.codec(Part::Fixed), Some(Codec::Lz4));
    let mut bytes = common::write(std::slice::from_ref(&ty), &[stored], Compression::none());
    let no_adler = Checks { adler: false, ..Checks::ALL };
    let file = File::from_bytes("lz4", bytes.clone(), no_adler).unwrap().with_index().unwrap();
    let entry = &file.entries()[1];
    let plain = file.read(entry).unwrap().unpack(Parts::All, &no_adler).unwrap();
    bytes[entry.offset as usize + 24] = Codec::Lz4hc.code();
    let file = File::from_bytes("lz4hc", bytes, no_adler).unwrap();
    let stored = file.read(entry).unwrap();
    assert_eq!(stored.codec(Part::Fixed), Some(Codec::Lz4hc));
    assert_eq!(stored.unpack(Parts::All, &no_adler).unwrap().fixed(), plain.fixed());
}

#[test]
fn every_truncation_is_noticed() {
    let bytes = sample(ByteOrder::Little);
    for length in 0..bytes.len() {
        let error = read_all(&bytes[..length], Checks::ALL).unwrap_err();
        assert!(error.to_string().starts_with("damaged"), "{error}");
        scan_all(&bytes[..length], Checks::ALL);
    }
}

#[test]
fn every_changed_byte_is_noticed() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let good = sample(order);
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 0x10;
            let result = read_all(&bytes, Checks::ALL);
            // Which NaN the header has does not matter.
            assert!(result.is_err() || (32..40).contains(&at), "byte {at}");
        }
    }
}

/// With the outer checksum off, damage reaches the decoders and everything behind them.
#[test]
fn no_changed_byte_panics_behind_the_checksum() {
    let no_adler = Checks { adler: false, tail: false, ..Checks::ALL };
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let good = sample(order);
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= [0x01, 0x80, 0xff][at % 3];
            let _ = read_all(&bytes, no_adler);
            let _ = read_all(&bytes, Checks::NONE);
        }
    }
}

#[test]
fn a_damaged_index_is_called_one() {
    let good = sample(ByteOrder::Little);
    let file = File::from_bytes("index", good.clone(), Checks::ALL).unwrap().with_index().unwrap();
    let index_offset = file.tail().unwrap().index_offset as usize;
    for at in index_offset..good.len() - 28 {
        let mut bytes = good.clone();
        bytes[at] ^= 0x20;
        let error = read_all(&bytes, Checks::ALL).unwrap_err();
        assert!(matches!(error, Error::BadIndex { .. }), "byte {at}: {error}");
    }
}

#[test]
fn other_files_are_told_apart() {
    let not_ours = |bytes: &[u8]| {
        let error = read_all(bytes, Checks::ALL).unwrap_err();
        assert!(matches!(error, Error::NotDataSeries { .. }), "{error}");
    };
    not_ours(b"");
    not_ours(b"DSv1");
    not_ours(&[0; 100]);
    not_ours(b"DSv2\x78\x56\x34\x12 and so on, long enough to be a header, and more");
    let error = File::open("/nonexistent/file.ds", Checks::ALL).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    let error = File::open(env!("CARGO_MANIFEST_DIR"), Checks::ALL).unwrap_err();
    assert!(matches!(error, Error::NotDataSeries { .. }), "{error}");
}

/// A prefix that claims gigabytes, with a checksum that fits it.
#[test]
fn absurd_claims_cost_nothing() {
    let mut bytes = sample(ByteOrder::Little);
    let (file, _) = File::from_bytes("claims", bytes.clone(), Checks::ALL).unwrap().with_scan();
    let no_adler = Checks { adler: false, ..Checks::ALL };
    for entry in file.entries() {
        let at = entry.offset as usize;
        for word in [8, 12] {
            let kept: [u8; 4] = bytes[at + word..at + word + 4].try_into().unwrap();
            for claim in [i32::MAX, 1 << 29, 1 << 26] {
                bytes[at + word..at + word + 4].copy_from_slice(&claim.to_le_bytes());
                let file = File::from_bytes("claims", bytes.clone(), no_adler);
                let result =
                    file.and_then(|file| file.read(entry)?.unpack(Parts::All, &no_adler).map(drop));
                assert!(result.is_err(), "{} {word}", entry.offset);
            }
            bytes[at + word..at + word + 4].copy_from_slice(&kept);
        }
    }
}

#[test]
fn limits_are_kept() {
    let bytes = sample(ByteOrder::Little);
    let file = File::from_bytes("limits", bytes, Checks::ALL).unwrap().with_index().unwrap();
    let entry = file.entries().iter().find(|entry| entry.is_data()).unwrap();
    let stored = file.read(entry).unwrap();
    let checks = Checks { part_limit: 100, ..Checks::ALL };
    let error = stored.unpack(Parts::All, &checks).unwrap_err();
    assert!(matches!(error, Error::OverLimit { limit: 100, .. }), "{error}");
}

#[test]
fn errors_say_where() {
    let mut bytes = sample(ByteOrder::Little);
    let file = File::from_bytes("trace.ds", bytes.clone(), Checks::ALL).unwrap();
    let entry = file.with_scan().0.entries()[1].clone();
    bytes[entry.offset as usize + 50] ^= 1;
    let file = File::from_bytes("trace.ds", bytes, Checks { adler: false, ..Checks::ALL }).unwrap();
    let error = file.read(&entry).unwrap().unpack(Parts::All, file.checks()).unwrap_err();
    let expected = format!("trace.ds: offset {}: extent 'plain': ", entry.offset);
    assert!(error.to_string().starts_with(&expected), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn many_changes_at_once_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        big in any::<bool>(),
    ) {
        let mut bytes = sample(if big { ByteOrder::Big } else { ByteOrder::Little });
        for (index, value) in changes {
            let at = index.index(bytes.len());
            bytes[at] = value;
        }
        scan_all(&bytes, Checks::ALL);
        scan_all(&bytes, Checks::NONE);
        let _ = read_all(&bytes, Checks::NONE);
        if let Ok(file) = File::from_bytes("any", bytes, Checks::NONE) {
            for resynchronise in [false, true] {
                let options = RecoverOptions { resynchronise, ..RecoverOptions::default() };
                dataseries::recover(&file, Vec::new(), "out", options).unwrap();
            }
        }
    }
}
