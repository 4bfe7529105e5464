//! The checksums: Adler-32 over stored bytes, the Jenkins hash over unpacked ones, and the
//! chain over the whole file (FORMAT.md §5).

mod lanes;

use crate::bytes::array;
use crate::header::ByteOrder;
use crate::pool;
use crate::pool::BadPool;

pub(crate) use lanes::Subject;
pub(crate) use lanes::lengths;
pub(crate) use lanes::unpacked_each;

/// Seed of the hash over an extent's unpacked bytes, and third word of the chain's mix.
const UNPACKED_SEED: u32 = 1972;
/// Seed of the hash over the tail.
pub(crate) const TAIL_SEED: u32 = 1776;
/// How many length words go into one round of the hash.
const LENGTH_BATCH: usize = 1024;

const GOLDEN: u32 = 0x9e37_79b9;
/// Where an extent's own Adler field is; it is left out of the sum.
const ADLER_FIELD: std::ops::Range<usize> = 16..20;

/// Adler-32 of a stored extent without its own field (FORMAT.md §5.1).
pub(crate) fn adler(extent: &[u8]) -> u32 {
    let mut sum = simd_adler32::Adler32::new();
    sum.write(&extent[..ADLER_FIELD.start]);
    sum.write(&extent[ADLER_FIELD.end..]);
    sum.finish()
}

#[inline(always)]
fn mix(mut a: u32, mut b: u32, mut c: u32) -> (u32, u32, u32) {
    for (r, s, t) in [(13, 8, 13), (12, 16, 5), (3, 10, 15)] {
        a = a.wrapping_sub(b).wrapping_sub(c) ^ (c >> r);
        b = b.wrapping_sub(c).wrapping_sub(a) ^ (a << s);
        c = c.wrapping_sub(a).wrapping_sub(b) ^ (b >> t);
    }
    (a, b, c)
}

/// Mixes three words into one.
pub(crate) fn mix3(a: u32, b: u32, c: u32) -> u32 {
    mix(a, b, c).2
}

/// The hash of `data`, seeded with an earlier hash or a constant (FORMAT.md §5.2).
pub(crate) fn hash(seed: u32, data: &[u8]) -> u32 {
    let (mut a, mut b, mut c) = (GOLDEN, GOLDEN, seed);
    let mut groups = data.chunks_exact(12);
    for group in &mut groups {
        a = a.wrapping_add(u32::from_le_bytes(array(group, 0)));
        b = b.wrapping_add(u32::from_le_bytes(array(group, 4)));
        c = c.wrapping_add(u32::from_le_bytes(array(group, 8)));
        (a, b, c) = mix(a, b, c);
    }
    last(a, b, c, groups.remainder(), data.len())
}

/// Ends a hash with the bytes after its last whole group, and the length of all.
fn last(a: u32, b: u32, c: u32, rest: &[u8], length: usize) -> u32 {
    // The last group's lowest byte of `c` is the length's place, so its bytes start one higher.
    let mut group = [0; 12];
    group[..rest.len()].copy_from_slice(rest);
    let a = a.wrapping_add(u32::from_le_bytes(array(&group, 0)));
    let b = b.wrapping_add(u32::from_le_bytes(array(&group, 4)));
    let c = c.wrapping_add(u32::from_le_bytes(array(&group, 8)) << 8).wrapping_add(length as u32);
    mix3(a, b, c)
}

/// The hash over an extent's decompressed parts, both in file order (FORMAT.md §5.3).
///
/// # Errors
/// The entries of `variable` do not fill it exactly.
pub(crate) fn unpacked(fixed: &[u8], variable: &[u8], order: ByteOrder) -> Result<u32, BadPool> {
    let mut sum = hash(hash(UNPACKED_SEED, fixed), variable);
    let mut batch = Vec::with_capacity(4 * LENGTH_BATCH);
    pool::walk(variable, order, |word| {
        batch.extend_from_slice(&variable[word..word + 4]);
        if batch.len() == 4 * LENGTH_BATCH {
            sum = hash(sum, &batch);
            batch.clear();
        }
    })?;
    // The last round happens even with nothing left for it.
    Ok(hash(sum, &batch))
}

/// The chain value after one more extent (FORMAT.md §5.4).
pub(crate) fn chain(chain: u32, adler: u32, bjhash: u32) -> u32 {
    mix3(adler ^ bjhash, chain, UNPACKED_SEED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(n: u8) -> Vec<u8> {
        (0..n).collect()
    }

    #[test]
    fn hash_agrees_with_the_published_values() {
        let cases: [(u32, &[u8], u32); 8] = [
            (0, b"", 0xbd49_d10d),
            (1972, b"", 0x096a_2819),
            (1776, b"abc", 0x9f50_d606),
            (1972, b"DataSeries", 0x7258_6c09),
            (1972, &counting(11), 0xd3e5_8c0e),
            (1972, &counting(12), 0x98d0_6221),
            (1972, &counting(13), 0x8772_3556),
            (1972, &counting(40), 0x8ef9_d575),
        ];
        for (seed, data, expected) in cases {
            assert_eq!(hash(seed, data), expected, "{data:?}");
        }
    }

    #[test]
    fn mix_agrees_with_the_published_values() {
        assert_eq!(mix3(0, 0, 1972), 0x97d3_d920);
        assert_eq!(mix3(1, 2, 3), 0xb7b4_8902);
        assert_eq!(mix3(0xdead_beef, 0, 1972), 0x76da_adba);
    }

    #[test]
    fn an_empty_extent_has_its_known_hash() {
        assert_eq!(unpacked(&[], &[0; 4], ByteOrder::Little), Ok(0xd67b_8da2));
    }

    #[test]
    fn length_words_are_hashed_in_batches() {
        for entries in [1023_usize, 1024, 1025, 2048, 2049] {
            let mut variable = vec![0; 4];
            let mut words = Vec::new();
            for _ in 0..entries {
                pool::append(&mut variable, b"x");
                words.extend_from_slice(&1_u32.to_ne_bytes());
            }
            let mut expected = hash(hash(UNPACKED_SEED, b"fixed"), &variable);
            let full = entries / LENGTH_BATCH * LENGTH_BATCH * 4;
            for batch in words[..full].chunks(4 * LENGTH_BATCH) {
                expected = hash(expected, batch);
            }
            expected = hash(expected, &words[full..]);
            assert_eq!(unpacked(b"fixed", &variable, ByteOrder::HOST), Ok(expected));
        }
    }

    #[test]
    fn adler_leaves_out_its_own_field() {
        let mut extent: Vec<u8> = (0..60).collect();
        let sum = adler(&extent);
        extent[17] = 99;
        assert_eq!(adler(&extent), sum);
        extent[20] = 99;
        assert_ne!(adler(&extent), sum);
    }
}
