//! Files by other writers, taken apart and put together again.

mod common;

use std::sync::Arc;

use common::SAMPLES;
use common::extents;
use common::open;
use common::push;
use dataseries::Codec;
use dataseries::Compression;
use dataseries::ExtentBuilder;
use dataseries::Packed;
use dataseries::Part;
use dataseries::StoredExtent;

/// Stored bytes of a part, padding left off.
fn part(stored: &StoredExtent, part: Part) -> &[u8] {
    let prefix = stored.prefix();
    let up = |n: usize| n.div_ceil(4) * 4;
    let fixed = up(28 + prefix.name_len as usize);
    match part {
        Part::Fixed => &stored.bytes()[fixed..][..prefix.stored_fixed as usize],
        Part::Variable => {
            let start = fixed + up(prefix.stored_fixed as usize);
            &stored.bytes()[start..][..prefix.stored_variable as usize]
        }
    }
}

#[test]
fn packing_undoes_unpacking() {
    for name in SAMPLES {
        let file = open(name);
        for (original, extent) in extents(&file) {
            let mut packed = Packed::from(extent.clone());
            let again = packed.compress_in(original.byte_order(), &Compression::none()).unwrap();
            let place = (name, original.offset());
            assert_eq!(again.prefix().bjhash, original.prefix().bjhash, "{place:?}");
            assert_eq!(again.prefix().records, original.prefix().records, "{place:?}");
            let unpacked = again.unpack(Default::default(), file.checks()).unwrap();
            assert_eq!((unpacked.fixed(), unpacked.pool()), (extent.fixed(), extent.pool()));
        }
    }
}

#[test]
fn bzip2_blocks_are_the_same_bytes() {
    let mut blocks = 0;
    for name in ["complex.ds-bigend", "pss5.ds-littleend", "pss5.ds-bigend"] {
        let file = open(name);
        for (original, extent) in extents(&file) {
            let bz2 = Compression::new(&[Codec::Bz2]).unwrap();
            let again = Packed::from(extent).compress_in(original.byte_order(), &bz2).unwrap();
            for which in [Part::Fixed, Part::Variable] {
                if original.codec(which) == Some(Codec::Bz2) {
                    assert!(part(&again, which) == part(&original, which), "{name} {which}");
                    blocks += 1;
                }
            }
        }
    }
    assert!(blocks > 20, "only {blocks} blocks");
}

/// Rows, set one by one by the writer's rules, give the bytes that the original writers gave:
/// extents are cut at the same rows, strings stand in the same order, nulls are zero.
#[test]
fn rows_make_the_same_extents() {
    for (name, target_size) in [
        ("complex.ds-littleend", 30_000),
        ("complex.ds-bigend", 30_000),
        ("pss5.ds-littleend", 10 << 20),
        ("pss5.ds-bigend", 10 << 20),
        ("nfs-2.set-0.ip.ds", 64 << 10),
        ("nfs-2.set-1.20k.ds", 64 << 10),
        ("recovery/recovered-two-extents.ds", 64 << 10),
    ] {
        let file = open(name);
        let order = file.byte_order();
        let none = Compression::none();
        for ty in file.types().iter() {
            let mut builder = ExtentBuilder::new(Arc::clone(ty), target_size).unwrap();
            let mut expected = Vec::new();
            let mut rebuilt = Vec::new();
            for (_, extent) in extents(&file).filter(|(stored, _)| stored.extent_type() == ty) {
                for row in extent.rows() {
                    if builder.is_full() {
                        rebuilt.push(builder.take().compress_in(order, &none).unwrap());
                    }
                    push(&mut builder, &row);
                }
                expected.push(Packed::from(extent).compress_in(order, &none).unwrap());
            }
            if builder.row_count() > 0 {
                rebuilt.push(builder.take().compress_in(order, &none).unwrap());
            }
            assert_eq!(rebuilt.len(), expected.len(), "{name} {}", ty.name());
            for (rebuilt, expected) in rebuilt.iter().zip(&expected) {
                assert!(rebuilt.bytes() == expected.bytes(), "{name} {}", ty.name());
            }
        }
    }
}

#[test]
fn a_copied_file_is_the_same_file() {
    for name in SAMPLES {
        let file = open(name);
        let types: Vec<_> = file.types().iter().cloned().collect();
        let data: Vec<StoredExtent> = extents(&file)
            .map(|(stored, _)| stored)
            .filter(|stored| !stored.extent_type().is_reserved())
            .collect();
        let copy = common::write(&types, &data, Compression::new(&[Codec::Zlib]).unwrap());
        let copy = dataseries::File::from_bytes(name, copy, *file.checks()).unwrap();
        let copy = copy.with_index().unwrap();
        let pairs = extents(&copy).zip(extents(&file));
        for ((a, a_extent), (b, b_extent)) in
            pairs.filter(|((a, _), _)| a.extent_type().name() != dataseries::INDEX_TYPE)
        {
            assert_eq!(a_extent.fixed(), b_extent.fixed());
            assert_eq!(a.extent_type(), b.extent_type());
            assert!(a.extent_type().is_reserved() || a.bytes() == b.bytes());
        }
        assert_eq!(copy.entries().len(), file.entries().len());
    }
}
