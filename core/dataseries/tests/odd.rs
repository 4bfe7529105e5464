//! Files that another encoder made of what samples don't have; see `data/odd/README.md`.

mod common;

use dataseries::Checks;
use dataseries::Compression;
use dataseries::File;
use dataseries::Packed;
use dataseries::Parts;
use dataseries::text;
use dataseries::text::DumpOptions;

/// The names of the files.
fn names() -> Vec<String> {
    let folder = common::path("odd");
    let names = folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    let names: Vec<_> =
        names.filter_map(|name| Some(name.strip_suffix(".ds")?.to_owned())).collect();
    assert!(names.len() > 10);
    names
}

/// The rows as text, from the line with the names of the columns on.
fn rows(file: &File) -> String {
    let mut dump = Vec::new();
    let options = DumpOptions { types: false, index: false, headings: true };
    text::dump(file, &mut dump, options).unwrap();
    let dump = String::from_utf8(dump).unwrap();
    let (_, extent) = dump.split_once("# Extent, type='T'\n").unwrap();
    extent.to_owned()
}

#[test]
fn odd_files_have_the_rows_that_they_should() {
    for name in names() {
        let file = common::open(&format!("odd/{name}.ds"));
        let expected = std::fs::read_to_string(common::path(&format!("odd/{name}.txt"))).unwrap();
        assert_eq!(rows(&file), expected, "{name}");
    }
}

/// An encoder of other origin and ours make the same bytes, where the format leaves no choice.
#[test]
fn odd_extents_are_encoded_to_the_same_bytes() {
    for name in names() {
        // What these have is legal to read and never written.
        if name.starts_with("strings") || name == "empty-extent" {
            continue;
        }
        let file = common::open(&format!("odd/{name}.ds"));
        for entry in file.entries() {
            let stored = file.read(entry).unwrap();
            let mut packed = Packed::from(stored.unpack(Parts::All, &Checks::ALL).unwrap());
            let again = packed.compress_in(file.byte_order(), &Compression::none()).unwrap();
            assert!(again.bytes() == stored.bytes(), "{name}, extent at {}", entry.offset);
        }
    }
}
