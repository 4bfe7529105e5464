//! Files from pipes, several files as one, and writing on several threads.

mod common;

use std::io;
use std::io::Read;
use std::sync::Arc;

use common::SAMPLES;
use common::extents;
use common::open;
use common::path;
use dataseries::AtomicFile;
use dataseries::Checks;
use dataseries::Codec;
use dataseries::Compression;
use dataseries::End;
use dataseries::Error;
use dataseries::ExtentType;
use dataseries::File;
use dataseries::Files;
use dataseries::Packed;
use dataseries::ParallelWriter;
use dataseries::Parts;
use dataseries::Stream;
use dataseries::Writer;
use dataseries::WriterOptions;

/// Gives a few bytes at a time, as pipes do.
struct Trickle<'a>(&'a [u8]);

impl Read for Trickle<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = out.len().min(self.0.len()).min(1 + self.0.len() % 7001);
        let (now, later) = self.0.split_at(length);
        out[..length].copy_from_slice(now);
        self.0 = later;
        Ok(length)
    }
}

#[test]
fn a_pipe_gives_what_the_file_has() {
    for name in SAMPLES {
        let bytes = std::fs::read(path(name)).unwrap();
        let mut stream = Stream::new(Trickle(&bytes), name, Checks::ALL).unwrap();
        let file = open(name);
        assert_eq!(stream.byte_order(), file.byte_order());
        for (expected, _) in extents(&file).skip(1) {
            let found = stream.next(|_| true).unwrap().unwrap();
            assert_eq!(found.offset(), expected.offset(), "{name}");
            assert!(found.bytes() == expected.bytes(), "{name}");
            stream.recycle(found);
        }
        assert!(stream.next(|_| true).unwrap().is_none());
        assert!(matches!(stream.end(), End::Tail(tail) if Some(&tail) == file.tail()), "{name}");
    }
}

#[test]
fn a_pipe_passes_over_what_is_not_wanted() {
    let bytes = std::fs::read(path("nfs-2.set-1.20k.ds")).unwrap();
    let wanted = |ty: &ExtentType| ty.name() == "Trace::NFS::common";
    let mut stream = Stream::new(Trickle(&bytes), "nfs", Checks::ALL).unwrap();
    let mut offsets = Vec::new();
    while let Some(stored) = stream.next(wanted).unwrap() {
        assert!(wanted(stored.extent_type()));
        offsets.push(stored.offset());
    }
    let file = open("nfs-2.set-1.20k.ds");
    let expected: Vec<u64> = file
        .entries()
        .iter()
        .filter(|entry| wanted(&entry.extent_type))
        .map(|entry| entry.offset)
        .collect();
    assert!(offsets == expected && !expected.is_empty());
    assert!(matches!(stream.end(), End::Tail(_)));
}

#[test]
fn a_pipe_that_breaks_off_is_truncated_or_unfinished() {
    let bytes = std::fs::read(path("nfs-2.set-0.ip.ds")).unwrap();
    let ends: Vec<u64> = open("nfs-2.set-0.ip.ds").entries().iter().map(|e| e.offset).collect();
    for length in (0..bytes.len()).step_by(499).chain([9160, 83040, bytes.len() - 28]) {
        let read = || -> Result<End, Error> {
            let mut stream = Stream::new(Trickle(&bytes[..length]), "cut", Checks::ALL)?;
            while stream.next(|ty| !ty.is_reserved())?.is_some() {}
            Ok(stream.end())
        };
        let is_whole = ends[1..].contains(&(length as u64)) || length == bytes.len() - 28;
        match read() {
            Ok(End::Unfinished) => assert!(is_whole, "{length}"),
            Ok(other) => panic!("{length}: {other:?}"),
            Err(error) => assert!(!is_whole && error.to_string().contains("cut"), "{error}"),
        }
    }
}

/// A prefix that claims a gigabyte costs no more than the bytes that follow it.
#[test]
fn a_pipe_never_allocates_what_it_is_only_promised() {
    let mut bytes = std::fs::read(path("nfs-2.set-0.ip.ds")).unwrap();
    bytes[544..552].copy_from_slice(&[0xff, 0xff, 0xff, 0x1f, 0xff, 0xff, 0xff, 0x1f]);
    for wanted in [true, false] {
        let mut stream = Stream::new(Trickle(&bytes), "claims", Checks::ALL).unwrap();
        let error = stream.next(|_| wanted).unwrap_err();
        let expected = bytes.len() as u64 - 544;
        assert!(
            matches!(error, Error::Truncated { available, .. } if available == expected),
            "{error}"
        );
    }
}

#[test]
fn a_pipe_with_anything_else_in_it_is_refused() {
    for bytes in [&b""[..], b"DSv1", &[0; 100], b"not a file of this format, but long enough"] {
        let error = Stream::new(bytes, "pipe", Checks::ALL).unwrap_err();
        assert!(matches!(error, Error::NotDataSeries { .. }), "{error}");
    }
}

#[test]
fn several_files_are_one() {
    let names = ["nfs-2.set-0.ip.ds", "recovery/recovered-two-extents.ds"];
    let files = Files::open(&names.map(path), Checks::ALL).unwrap();
    let is_packet = |ty: &ExtentType| ty.name() == "Trace::Network::IP";
    let rows: usize = files
        .entries(is_packet)
        .map(|(file, entry)| file.read(entry).unwrap().record_count())
        .sum();
    let alone = |name: &str| -> usize {
        let pairs = extents(&open(name)).map(|(stored, _)| stored).collect::<Vec<_>>();
        let packets = pairs.iter().filter(|stored| is_packet(stored.extent_type()));
        packets.map(dataseries::StoredExtent::record_count).sum()
    };
    assert_eq!(rows, alone(names[0]) + alone(names[1]));
    assert_eq!((files.len(), files.types().len()), (2, 2));
}

#[test]
fn files_that_mean_different_things_by_one_name_are_refused() {
    let types = ["<ExtentType name='t'/>", "<ExtentType name='t' version='1.0'/>"];
    let [a, b] = types.map(|text| {
        let bytes = common::write(&[common::parse(text)], &[], Compression::none());
        File::from_bytes(text, bytes, Checks::ALL).unwrap().with_index().unwrap()
    });
    let mut files = Files::default();
    files.push(a).unwrap();
    let error = files.push(b).unwrap_err();
    assert!(error.to_string().contains("two different descriptions"), "{error}");
}

/// Compresses the extents of a sample again, on so many threads.
fn rewrite(name: &str, threads: usize) -> Vec<u8> {
    let file = open(name);
    let types: Vec<_> = file.types().iter().cloned().collect();
    let compression = Compression::new(&[Codec::Lz4, Codec::Zlib]).unwrap();
    let options = WriterOptions { compression: compression.clone(), ..Default::default() };
    let writer = Writer::new(Vec::new(), "out", &types, options).unwrap();
    let mut writer = ParallelWriter::new(writer, compression, threads);
    for (number, (stored, extent)) in extents(&file).enumerate() {
        if stored.extent_type().is_reserved() {
            continue;
        }
        match number % 5 {
            // Some are taken over as they are; they keep their place.
            3 if file.byte_order() == writer.writer().byte_order() => writer.copy(stored).unwrap(),
            _ => writer.write(Packed::from(extent)).unwrap(),
        }
    }
    writer.finish().unwrap()
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for name in ["complex.ds-littleend", "complex.ds-bigend", "nfs-2.set-0.ip.ds"] {
        let one = rewrite(name, 1);
        for threads in [0, 2, 3, 8] {
            assert!(rewrite(name, threads) == one, "{name} with {threads} threads");
        }
        let file = File::from_bytes("out", one, Checks::ALL).unwrap().with_index().unwrap();
        let original = open(name);
        for ((_, a), (_, b)) in extents(&file)
            .zip(extents(&original))
            .filter(|((stored, _), _)| !stored.extent_type().is_reserved())
        {
            assert_eq!((a.fixed(), a.pool()), (b.fixed(), b.pool()));
        }
    }
}

#[test]
fn what_is_flushed_survives_a_killed_writer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("killed.ds");
    let file = open("complex.ds-littleend");
    let types: Vec<_> = file.types().iter().cloned().collect();
    let writer = Writer::create(&path, &types, WriterOptions::default()).unwrap();
    let mut writer = ParallelWriter::new(writer, Compression::default(), 2);
    let data = || extents(&file).filter(|(stored, _)| !stored.extent_type().is_reserved());
    for (_, extent) in data().take(5) {
        writer.write(extent.into()).unwrap();
    }
    writer.flush().unwrap();
    writer.write(data().nth(5).unwrap().1.into()).unwrap();
    // As if it was killed: neither the last extent nor index and tail are written.
    drop(writer);
    let (found, end) = File::scan(&path, Checks::ALL).unwrap();
    assert!(matches!(end, End::Unfinished), "{end:?}");
    assert_eq!(found.entries().len(), 1 + 5);
    for ((_, a), (_, b)) in extents(&found).skip(1).zip(data()) {
        assert_eq!((a.fixed(), a.pool()), (b.fixed(), b.pool()));
    }
}

#[test]
fn an_atomic_file_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.ds");
    std::fs::write(&path, "old").unwrap();
    let ty = common::parse("<ExtentType name='t'/>");
    let begin = || {
        let out = AtomicFile::create(&path).unwrap();
        Writer::new(out, "out.ds", &[Arc::clone(&ty)], WriterOptions::default()).unwrap()
    };
    drop(begin());
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(folder.path().read_dir().unwrap().count(), 1, "nothing else stays");
    begin().finish().unwrap().commit().unwrap();
    assert_eq!(File::open(&path, Checks::ALL).unwrap().types().len(), 1);
    assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    assert!(AtomicFile::create("/nonexistent/out.ds").is_err());
}

#[test]
fn columns_are_found_by_name_and_kind() {
    let file = open("complex.ds-littleend");
    let ty = file.types().find("*").unwrap();
    let column = ty.column_of("int32", dataseries::FieldKind::Int32).unwrap();
    let entry = file.entries().iter().find(|entry| entry.is_data()).unwrap();
    let extent = file.read(entry).unwrap().unpack(Parts::Fixed, &Checks::ALL).unwrap();
    assert_eq!(extent.row(0).int32(column), -285_888_682);
    let error = ty.column_of("int32", dataseries::FieldKind::Int64).unwrap_err();
    assert_eq!(
        error.to_string(),
        "extent type 'complex test type' has no int64 field 'int32': it is int32"
    );
    assert!(ty.column_of("int33", dataseries::FieldKind::Int32).is_err());
}
