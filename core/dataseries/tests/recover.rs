//! Unfinished and damaged files.

mod common;

use common::extents;
use common::open;
use common::path;
use dataseries::Checks;
use dataseries::Codec;
use dataseries::Compression;
use dataseries::End;
use dataseries::Error;
use dataseries::File;
use dataseries::RecoverOptions;
use dataseries::Recovered;
use dataseries::WriterOptions;
use dataseries::recover;

fn recovered(input: &File) -> Recovered<Vec<u8>> {
    let compression = Compression::new(&[Codec::Zlib, Codec::Lzf]).unwrap();
    let writer = WriterOptions { compression, ..WriterOptions::default() };
    let options = RecoverOptions { writer, ..RecoverOptions::default() };
    recover(input, Vec::new(), "recovered", options).unwrap()
}

fn unindexed(name: &str) -> File {
    File::open_unindexed(path(name), Checks::ALL).unwrap()
}

/// The same file, to the last byte: type library and extents are copied, and the small index comes
/// out of our zlib as it came out of theirs.
fn assert_same_data(bytes: Vec<u8>, expected: &str) {
    assert!(bytes == std::fs::read(path(expected)).unwrap(), "{expected}");
    let file = File::from_bytes("recovered", bytes, Checks::ALL).unwrap().with_index().unwrap();
    let expected = open(expected);
    assert_eq!(file.entries().len(), expected.entries().len());
    for ((a, _), (b, _)) in extents(&file).zip(extents(&expected)) {
        assert_eq!(a.extent_type(), b.extent_type());
        assert!(a.extent_type().is_reserved() || a.bytes() == b.bytes());
    }
}

#[test]
fn a_stomped_end_costs_nothing() {
    let found = recovered(&unindexed("recovery/corrupt-stomp-end.ds"));
    assert_eq!(found.extents, 11);
    assert_eq!(found.records, 19_684 + 1);
    assert!(!found.found_tail && !found.losses.is_empty());
    assert_same_data(found.out, "nfs-2.set-0.ip.ds");
}

#[test]
fn two_damaged_extents_cost_two_extents() {
    let found = recovered(&unindexed("recovery/corrupt-two-extents.ds"));
    assert_eq!(found.extents, 9);
    assert!(found.found_tail);
    let [first, second] = &found.losses[..] else { panic!("{:?}", found.losses) };
    for loss in [first, second] {
        assert!(matches!(loss.error, Error::Checksum { .. }), "{loss:?}");
        assert!(loss.records.is_some_and(|records| records > 1000), "{loss:?}");
    }
    assert_same_data(found.out, "recovery/recovered-two-extents.ds");
}

#[test]
fn a_damaged_type_library_costs_everything() {
    let error =
        File::open_unindexed(path("recovery/corrupt-stomp-beginning.ds"), Checks::ALL).unwrap_err();
    assert!(matches!(error, Error::Checksum { .. }), "{error}");
}

#[test]
fn damaged_files_do_not_open_but_scan() {
    let stomped = path("recovery/corrupt-stomp-end.ds");
    let error = File::open(&stomped, Checks::ALL).unwrap_err();
    assert!(matches!(error, Error::BadTail { .. }), "{error}");
    let (file, end) = File::scan(&stomped, Checks::ALL).unwrap();
    assert_eq!(file.entries().iter().filter(|entry| entry.is_data()).count(), 11);
    assert!(matches!(end, End::Damaged(_)), "{end:?}");
}

#[test]
fn a_good_file_is_copied_whole() {
    let found = recovered(&unindexed("nfs-2.set-0.ip.ds"));
    assert!(found.found_tail && found.losses.is_empty());
    assert_same_data(found.out, "nfs-2.set-0.ip.ds");
}

/// A killed writer leaves a prefix of what it would have written.
#[test]
fn every_prefix_gives_the_whole_extents_in_it() {
    let name = "nfs-2.set-0.ip.ds";
    let bytes = std::fs::read(path(name)).unwrap();
    let file = open(name);
    let ends: Vec<u64> = file
        .entries()
        .iter()
        .map(|entry| entry.offset + file.read_prefix(entry).unwrap().stored_len() as u64)
        .collect();
    let data_start = ends[0] as usize;
    for length in (data_start..bytes.len()).step_by(997).chain(ends.iter().map(|&end| end as usize))
    {
        let whole = ends[1..12].iter().filter(|&&end| end <= length as u64).count();
        let part = File::from_bytes("part", bytes[..length].to_vec(), Checks::ALL).unwrap();
        let found = recovered(&part);
        assert_eq!(found.extents, whole, "length {length}");
        let (scanned, end) = part.with_scan();
        let data = scanned.entries().iter().filter(|entry| entry.is_data()).count();
        assert_eq!(data, whole, "length {length}");
        match ends.contains(&(length as u64)) {
            true => assert!(matches!(end, End::Unfinished), "length {length}: {end:?}"),
            false => assert!(matches!(end, End::Damaged(_)), "length {length}: {end:?}"),
        }
    }
}
