//! With the C library that first wrote them, the sample files come out again to the last byte:
//! `cargo test -p dataseries --features stock-zlib --test canonical`.
//!
//! What is taken over: which codec each part had, lzo and lzf blocks (their bytes depend on the
//! encoder), and the chain in the tail of old files, which is a random number. The traces among the
//! samples are left out: their recorder left random bytes where nothing is looked at.

mod common;

use common::SAMPLES;
use common::extents;
use common::open;
use common::path;
use common::push;
use dataseries::Codec;
use dataseries::Compression;
use dataseries::ExtentBuilder;
use dataseries::Part;
use dataseries::StoredExtent;

/// The codecs whose output depends on nothing but their input and level.
fn is_canonical(stored: &StoredExtent) -> bool {
    let codecs = [Part::Fixed, Part::Variable].map(|part| stored.codec(part));
    codecs
        .into_iter()
        .flatten()
        .all(|codec| matches!(codec, Codec::None | Codec::Zlib | Codec::Bz2))
}

#[test]
fn decoding_and_encoding_gives_every_extent_again() {
    let mut compared = 0;
    for name in SAMPLES.into_iter().filter(|name| !matches!(*name, "cp.ds" | "rmdir.ds")) {
        let file = open(name);
        let mut copy = std::fs::read(path(name)).unwrap();
        for (stored, extent) in extents(&file).filter(|(stored, _)| is_canonical(stored)) {
            let codec = |part| stored.codec(part).unwrap_or(Codec::None);
            let compression =
                Compression::per_part(&[codec(Part::Fixed)], &[codec(Part::Variable)]).unwrap();
            // Row by row, as a program would write them.
            let ty = stored.extent_type();
            let mut builder = ExtentBuilder::new(ty.clone(), usize::MAX).unwrap();
            for row in extent.rows() {
                push(&mut builder, &row);
            }
            let again = builder.take().compress_in(file.byte_order(), &compression).unwrap();
            assert!(again.bytes() == stored.bytes(), "{name}: extent at {}", stored.offset());
            copy[stored.offset() as usize..][..again.bytes().len()].copy_from_slice(again.bytes());
            compared += 1;
        }
        assert!(copy == std::fs::read(path(name)).unwrap(), "{name}");
    }
    assert!(compared > 150, "{compared} extents");
}
