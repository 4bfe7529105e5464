//! Files by other writers, read and printed.

mod common;

use std::collections::HashMap;
use std::sync::Arc;

use common::SAMPLES;
use common::extents;
use common::open;
use common::path;
use common::sha256;
use dataseries::Checks;
use dataseries::Codec;
use dataseries::Column;
use dataseries::End;
use dataseries::Extent;
use dataseries::ExtentBuilder;
use dataseries::ExtentType;
use dataseries::File;
use dataseries::Part;
use dataseries::Parts;
use dataseries::Row;
use dataseries::StoredExtent;
use dataseries::text;
use dataseries::text::DumpOptions;
use dataseries::text::Printer;

fn dump(file: &File, index: bool) -> Vec<u8> {
    let mut out = Vec::new();
    text::dump(file, &mut out, DumpOptions { index, ..DumpOptions::default() }).unwrap();
    out
}

#[test]
fn dumps_equal_the_reference_texts() {
    for (name, index, length, expected) in [
        (
            "complex.ds-bigend",
            false,
            1_497_041,
            "627aa674f29c149f8d74b80aae24522ef558ba5a4d57632bb698d823547980a0",
        ),
        (
            "complex.ds-littleend",
            false,
            1_497_041,
            "627aa674f29c149f8d74b80aae24522ef558ba5a4d57632bb698d823547980a0",
        ),
        (
            "pss5.ds-bigend",
            false,
            12_697_913,
            "d4b7e363e8d46723d94d237a3e5e71812bd121c3f2619518d6dafdb60854b92e",
        ),
        (
            "pss5.ds-littleend",
            false,
            12_697_913,
            "d4b7e363e8d46723d94d237a3e5e71812bd121c3f2619518d6dafdb60854b92e",
        ),
        (
            "nfs-2.set-1.20k.ds",
            false,
            3_906_856,
            "fa120554541c8d4dfb4f658b35fa4470abc4e1e5cbc883240161fbd61bed54bc",
        ),
        (
            "nfs-2.set-0.ip.ds",
            false,
            990_001,
            "617650354e5a9d60ea2fb62d5363f005f3b5b65e19d0b73fd489b8030a94feba",
        ),
        (
            "recovery/recovered-two-extents.ds",
            false,
            784_591,
            "572876c467f3681ac7bc1d2eba19699eac2533811ddac736e709f9fc45dde87a",
        ),
        ("cp.ds", true, 223599, "b7a2cfa2102c0f61cc94a98c124605b9898327908b8ea329d09563173ff25067"),
        (
            "rmdir.ds",
            true,
            206685,
            "a264366fb2d4dabe413648352c8a9b745b548a23b9611f56f541bc698935031a",
        ),
    ] {
        let text = dump(&open(name), index);
        assert_eq!((text.len(), sha256(&text).as_str()), (length, expected), "{name}");
    }
}

/// The rows that the process sample was made from, before any packing.
#[test]
fn process_samples_equal_the_rows_they_were_made_from() {
    for name in ["pss5.ds-littleend", "pss5.ds-bigend"] {
        let file = open(name);
        let mut lines = Vec::new();
        for (stored, extent) in extents(&file).filter(|(stored, _)| !is_reserved(stored)) {
            let ty = stored.extent_type();
            let [time, user, pid, parent, used, command, arguments] =
                ["sampletime", "username", "pid", "ppid", "cputime", "command", "args"]
                    .map(|name| ty.column(name).unwrap());
            for row in extent.rows() {
                let text =
                    |column: &Column| String::from_utf8_lossy(row.bytes(column)).into_owned();
                let line = format!(
                    "{} {} {} {} {} {} {}\n",
                    row.double(time),
                    text(user),
                    row.int32(pid),
                    row.int32(parent),
                    row.double(used),
                    text(command),
                    text(arguments)
                );
                lines.extend_from_slice(line.as_bytes());
            }
        }
        let expected = "afe64538e6c844b1b206d4e72ba06379469ad6edeb55e6dcf38d6c495c9ac536";
        assert_eq!(sha256(&lines), expected, "{name}");
    }
}

fn is_reserved(stored: &dataseries::StoredExtent) -> bool {
    stored.extent_type().is_reserved()
}

/// The three columns of the reference text, printed with formats that the file does not have.
fn nfs_lines(wanted: impl Fn(&Row<'_>, &Column) -> bool, limit: usize) -> String {
    let file = open("nfs-2.set-1.20k.ds");
    let ty = file.types().find("common").unwrap();
    let with = |name: &str, attributes: &[(&str, &str)]| {
        let mut column = ty.column(name).unwrap().clone();
        column.attributes.retain(|(name, _)| !name.starts_with("print_"));
        let attributes = attributes.iter().map(|&(name, value)| (name.into(), value.into()));
        column.attributes.extend(attributes);
        column
    };
    let id = with("record_id", &[]);
    let units = ("units", "2^-32 seconds");
    let at = with("packet_at", &[("print_format", "sec.nsec"), ("epoch", "unix"), units]);
    let dest = with("dest", &[("print_format", "ipv4")]);
    let mut printer = Printer::of_columns(ty, &[&id, &at, &dest]);

    let mut text = Vec::new();
    let mut left = limit;
    for (_, extent) in extents(&file).filter(|(stored, _)| stored.extent_type() == ty) {
        for row in extent.rows().filter(|row| wanted(row, &id)).take(left) {
            printer.print_row(&row, &mut text);
            left -= 1;
        }
    }
    String::from_utf8(text).unwrap()
}

#[test]
fn selected_columns_equal_the_reference_texts() {
    let reference = std::fs::read_to_string(path("ds2txt.test.ref")).unwrap();
    assert_eq!(nfs_lines(|_, _| true, 30), reference);
    let reference = std::fs::read_to_string(path("ds2txt-where.test.ref")).unwrap();
    assert_eq!(nfs_lines(|row, id| row.int64(id) < 38_549_988_050, usize::MAX), reference);
}

#[test]
#[expect(clippy::approx_constant, reason = "the table has these numbers")]
fn a_table_written_here_prints_as_the_reference_text() {
    let text = std::fs::read_to_string(path("csv2ds-1.xml")).unwrap();
    let ty = common::parse(&text);
    let mut builder = ExtentBuilder::new(Arc::clone(&ty), 1 << 20).unwrap();
    for (flag, byte, int32, int64, double, bytes) in [
        (true, 33, 1000, 56, 1.0, "Hello, World"),
        (false, 88, -15331, 1_000_000_000_000, 3.14159, "I said \"hello there.\""),
        (true, 10, 11, 5, 2.718281828, "unquoted"),
    ] {
        builder.new_row();
        builder.set_bool(ty.column("bool").unwrap(), flag);
        builder.set_byte(ty.column("byte").unwrap(), byte);
        builder.set_int32(ty.column("int32").unwrap(), int32);
        builder.set_int64(ty.column("int64").unwrap(), int64);
        builder.set_double(ty.column("double").unwrap(), double);
        builder.set_bytes(ty.column("variable32").unwrap(), bytes.as_bytes()).unwrap();
    }
    let compression = dataseries::Compression::default();
    let stored = builder.take().compress(&compression).unwrap();
    let bytes = common::write(&[ty], &[stored], compression);
    let file = File::from_bytes("csv", bytes, Checks::ALL).unwrap().with_index().unwrap();
    let reference = std::fs::read(path("csv2ds-1.txt.ref")).unwrap();
    assert_eq!(String::from_utf8(dump(&file, false)), String::from_utf8(reference));
}

#[test]
fn the_index_equals_the_sequential_scan() {
    for name in SAMPLES {
        let indexed = open(name);
        let (scanned, end) = File::scan(path(name), Checks::ALL).unwrap();
        assert_eq!(scanned.entries(), indexed.entries(), "{name}");
        assert!(matches!(end, End::Tail(tail) if Some(&tail) == indexed.tail()), "{name}");

        let mut walker = indexed.walk();
        for entry in indexed.entries() {
            let stored = walker.next().unwrap().unwrap();
            assert_eq!(stored.offset(), entry.offset);
            assert_eq!(stored.bytes(), indexed.read(entry).unwrap().bytes());
        }
        assert!(walker.next().unwrap().is_none());
        assert_eq!(walker.position() + 28, indexed.size());
        // The writers of these files left a random number.
        let random = ["complex.ds-bigend", "pss5.ds-littleend", "pss5.ds-bigend"].contains(&name);
        assert_eq!(walker.chain() == indexed.tail().unwrap().chain, !random, "{name}");
    }
}

#[test]
fn the_fixed_part_alone_is_the_same() {
    for name in SAMPLES {
        let file = open(name);
        for (stored, extent) in extents(&file) {
            let fixed = stored.unpack(Parts::Fixed, file.checks()).unwrap();
            assert_eq!(fixed.fixed(), extent.fixed());
            assert_eq!(fixed.pool(), None);
            assert!(!fixed.offsets_checked() && extent.offsets_checked());
        }
    }
}

#[test]
fn checks_that_are_off_change_nothing_in_good_files() {
    for name in SAMPLES {
        let unchecked = File::open(path(name), Checks::NONE).unwrap();
        let checked = open(name);
        assert_eq!(unchecked.entries(), checked.entries());
        for ((_, a), (_, b)) in extents(&unchecked).zip(extents(&checked)) {
            assert_eq!((a.fixed(), a.pool()), (b.fixed(), b.pool()));
        }
    }
}

#[test]
fn buffers_are_used_again_for_extents_of_any_type() {
    let file = open("nfs-2.set-1.20k.ds");
    let mut reused = dataseries::Extent::empty(ExtentType::index_type());
    let mut buffer = Vec::new();
    for (entry, (_, fresh)) in file.entries().iter().zip(extents(&file)) {
        let stored = file.read_with(entry, buffer).unwrap();
        stored.unpack_into(&mut reused, Parts::All, file.checks()).unwrap();
        assert_eq!((reused.fixed(), reused.pool()), (fresh.fixed(), fresh.pool()));
        assert_eq!(reused.extent_type(), fresh.extent_type());
        buffer = stored.into_bytes();
    }
}

#[test]
fn extents_unpacked_together_are_as_when_each_is_alone() {
    for name in SAMPLES {
        // One whose hash is wrong must not harm the others.
        let mut bytes = std::fs::read(path(name)).unwrap();
        let entries = open(name).entries().to_vec();
        let damaged = entries.len() / 2;
        bytes[entries[damaged].offset as usize + 20] ^= 1;
        let checks = Checks { adler: false, ..Checks::ALL };
        let file = File::from_bytes(name, bytes, checks).unwrap();
        let stored: Vec<_> = entries.iter().map(|entry| file.read(entry).unwrap()).collect();
        let mut together = vec![Extent::empty(ExtentType::index_type()); stored.len()];
        let jobs = stored.iter().zip(&mut together);
        let mut jobs: Vec<_> = jobs.map(|(stored, extent)| (stored, extent, Parts::All)).collect();
        let results = StoredExtent::unpack_each(&mut jobs, &Checks::ALL);
        assert!(results[damaged].is_err(), "{name}");
        for ((stored, extent), result) in stored.iter().zip(&together).zip(results) {
            match stored.unpack(Parts::All, &Checks::ALL) {
                Ok(alone) => {
                    result.unwrap();
                    assert!(alone.fixed() == extent.fixed() && alone.pool() == extent.pool());
                }
                Err(error) => assert_eq!(result.unwrap_err().to_string(), error.to_string()),
            }
        }
    }
}

#[test]
fn samples_use_the_codecs_that_they_are_said_to() {
    let mut parts: HashMap<Codec, usize> = HashMap::new();
    for name in SAMPLES {
        for (stored, _) in extents(&open(name)) {
            for part in [Part::Fixed, Part::Variable] {
                *parts.entry(stored.codec(part).unwrap_or(Codec::None)).or_default() += 1;
            }
        }
    }
    for codec in [Codec::Lzo, Codec::Zlib, Codec::Bz2, Codec::Lzf] {
        assert!(parts.get(&codec).is_some_and(|&count| count > 0), "{codec}: {parts:?}");
    }
}

/// Values that the format's description works out by hand.
#[test]
fn worked_examples_have_the_values_they_should() {
    let file = open("complex.ds-littleend");
    let entry = file.entries().iter().find(|entry| entry.is_data()).unwrap();
    let extent = file.read(entry).unwrap().unpack(Parts::All, file.checks()).unwrap();
    assert_eq!((entry.offset, extent.row_count(), extent.record_size()), (300, 241, 64));
    let row = extent.row(0);
    let column = |name: &str| extent.extent_type().column(name).unwrap();
    assert_eq!(row.fixed()[..4], [0x72, 0x31, 0xe2, 0]);
    assert!(!row.bool(column("bool")) && row.bool(column("null_bool")));
    assert!(row.is_null(column("null_int32")) && !row.is_null(column("null_bool")));
    assert_eq!(row.int64(column("int64")), -5_809_765_599_669_558_022);
    assert_eq!(row.bytes(column("variable32")), b"20DA207B7D9064CAA813D3586B15FFA6");

    let file = open("nfs-2.set-1.20k.ds");
    let entry = file.entries().iter().find(|entry| entry.offset == 1004).unwrap();
    let extent = file.read(entry).unwrap().unpack(Parts::All, file.checks()).unwrap();
    let column = |name: &str| extent.extent_type().column(name).unwrap();
    let ids: Vec<[i64; 3]> = extent
        .rows()
        .take(2)
        .map(|row| ["request_id", "reply_id", "modify_time"].map(|name| row.int64(column(name))))
        .collect();
    let modified = 1_169_687_547_330_604_000;
    assert_eq!(ids[0], [38_549_988_045, 38_549_988_058, modified]);
    assert_eq!(ids[1], [38_549_988_046, 38_549_988_061, modified]);
    assert_eq!(extent.row(0).bytes(column("type")), b"file");
    assert!(extent.row(0).is_null(column("filename")));
}

#[test]
fn the_index_of_a_sample_has_the_entries_it_should() {
    let file = open("nfs-2.set-0.ip.ds");
    let offsets: Vec<u64> = file.entries().iter().map(|entry| entry.offset).collect();
    let expected =
        [40, 544, 9160, 17008, 25884, 34352, 42256, 51076, 59756, 69024, 77592, 82980, 83040];
    assert_eq!(offsets, expected);
    let types: Vec<&str> =
        file.entries()[10..].iter().map(|entry| entry.extent_type.name()).collect();
    assert_eq!(types, ["Trace::Network::IP", "Info::DSRepack", "DataSeries: ExtentIndex"]);
    assert_eq!(file.tail().unwrap().chain, 0x45d9_46e8);
}

#[test]
fn the_smallest_file_is_read() {
    let bytes = [
        b"DSv1\x78\x56\x34\x12\xf0\xde\xbc\x9a\x78\x56\x34\x12\x18\x2d\x44\x54\xfb\x21\x09\x40"
            .as_slice(),
        b"\0\0\0\0\0\0\xf0\x7f\0\0\0\0\0\0\xf8\x7f",
        b"\0\0\0\0\0\0\0\0\0\0\0\0\x04\0\0\0\xaa\x09\x07\x91\xa2\x8d\x7b\xd6\0\0\x13\0",
        b"DataSeries: XmlType\0",
        b"\x11\0\0\0\x2e\0\0\0\x02\0\0\0\x3c\0\0\0\x43\x1d\x8a\x5c\xfe\xc7\x9e\x97\x01\x04\x17\0",
        b"DataSeries: ExtentIndex\0",
        b"\x13\x04\0\xa1\0\x28\xdd\0\x1c\xdd\0\x58\xdc\0\x11\0\0\0\0\0",
        b"\x18\x13\0\0\0DataSeries: XmlType\0\x17\xe0\x06\x17\x0aExtentIndex\x20\x19\x01\0\0\0\0",
        b"\xff\xff\xff\xff\x78\0\0\0\x87\xff\xff\xff\x35\x6f\xb2\x4d\x58\0\0\0\0\0\0\0\x28\xb1\x17\xf9",
    ]
    .concat();
    assert_eq!(bytes.len(), 236);
    let file = File::from_bytes("minimal", bytes, Checks::ALL).unwrap().with_index().unwrap();
    assert!(file.types().is_empty());
    let offsets: Vec<u64> = file.entries().iter().map(|entry| entry.offset).collect();
    assert_eq!(offsets, [40, 88]);
    let mut walker = file.walk();
    while walker.next().unwrap().is_some() {}
    assert_eq!(walker.chain(), 0x4db2_6f35);
}
