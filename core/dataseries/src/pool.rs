//! The variable part of an extent: a pool of byte strings (FORMAT.md §9).

use crate::bytes::array;
use crate::header::ByteOrder;

/// The zero word that every pool begins with; offset 0 is the empty string.
pub(crate) const POOL_START: usize = 4;

/// Why a pool's entries cannot be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPool {
    /// The pool does not begin with a zero word.
    #[error("the variable part does not begin with a zero word")]
    Start,
    /// A length word is negative.
    #[error("the entry at {at} of the variable part has length {length}")]
    Length {
        /// Position of the length word.
        at: usize,
        /// What it holds.
        length: i32,
    },
    /// An entry goes past the end.
    #[error("the entry at {at} runs over the end of the variable part at {end}")]
    Overrun {
        /// Position of the length word.
        at: usize,
        /// Length of the pool.
        end: usize,
    },
}

/// Zero bytes after a value of `len` bytes, which bring the next value to a multiple of 8.
#[inline]
const fn padding(len: usize) -> usize {
    12_usize.wrapping_sub(len % 8) % 8
}

/// Bytes that a non-empty value takes in the pool: length word, value, padding.
#[inline]
pub(crate) const fn entry_size(len: usize) -> usize {
    4 + len + padding(len)
}

/// Appends a value, its length word in host order; returns its offset. Empty values live at 0.
#[inline]
pub(crate) fn append(pool: &mut Vec<u8>, value: &[u8]) -> usize {
    if value.is_empty() {
        return 0;
    }
    let offset = pool.len();
    pool.reserve(entry_size(value.len()));
    pool.extend_from_slice(&(value.len() as u32).to_ne_bytes());
    pool.extend_from_slice(value);
    pool.extend_from_slice(&[0; 8][..padding(value.len())]);
    offset
}

/// The value at `offset` of a pool in host order; `None` where it does not lie in the pool.
#[inline]
pub(crate) fn value(pool: &[u8], offset: usize) -> Option<&[u8]> {
    let (length, bytes) = pool.get(offset..)?.split_first_chunk::<4>()?;
    bytes.get(..u32::from_ne_bytes(*length) as usize)
}

/// Calls `each` with the position of every length word, first to last.
pub(crate) fn walk(
    pool: &[u8],
    order: ByteOrder,
    mut each: impl FnMut(usize),
) -> Result<(), BadPool> {
    if pool.get(..POOL_START) != Some(&[0; POOL_START]) {
        return Err(BadPool::Start);
    }
    let mut at = POOL_START;
    while at < pool.len() {
        let end = pool.len();
        let word = pool.get(at..at + 4).ok_or(BadPool::Overrun { at, end })?;
        let length = order.i32(array(word, 0));
        let size =
            usize::try_from(length).map(entry_size).or(Err(BadPool::Length { at, length }))?;
        if size > end - at {
            return Err(BadPool::Overrun { at, end });
        }
        each(at);
        at += size;
    }
    Ok(())
}

/// Brings the length words of a pool from `from` into the other byte order.
pub(crate) fn swap_lengths(pool: &mut [u8], from: ByteOrder) -> Result<(), BadPool> {
    walk(pool, from, |_| ())?;
    let mut at = POOL_START;
    while at < pool.len() {
        let length = from.u32(array(pool, at));
        pool[at..at + 4].reverse();
        at += entry_size(length as usize);
    }
    Ok(())
}

/// Whether `offset` may stand in a record, by every rule of FORMAT.md §9; the pool is in host
/// order.
///
/// # Errors
/// A phrase that says which rule is broken.
#[inline]
pub(crate) fn check_offset(pool: &[u8], offset: u32) -> Result<(), &'static str> {
    let offset = offset as usize;
    if offset == 0 {
        return Ok(());
    }
    if offset % 8 != 4 {
        return Err("is not a place where entries begin");
    }
    let Some((length, rest)) = pool.get(offset..).and_then(|entry| entry.split_first_chunk())
    else {
        return Err("lies outside the variable part");
    };
    let Ok(length) = usize::try_from(i32::from_ne_bytes(*length)) else {
        return Err("has an entry of negative length");
    };
    let Some(padding) = rest.get(length..length + padding(length)) else {
        return Err("has an entry that runs over the end of the variable part");
    };
    if padding.iter().any(|&byte| byte != 0) {
        return Err("has an entry with padding that is not zero");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_follows_the_table() {
        let table: Vec<usize> = (8..16).map(padding).collect();
        assert_eq!(table, [4, 3, 2, 1, 0, 7, 6, 5]);
    }

    #[test]
    fn values_come_back_and_lie_on_multiples_of_eight() {
        let mut pool = vec![0; POOL_START];
        for length in 0..40 {
            let wanted = vec![b'v'; length];
            let offset = append(&mut pool, &wanted);
            assert_eq!(value(&pool, offset), Some(&wanted[..]));
            assert_eq!(check_offset(&pool, offset as u32), Ok(()));
            assert_eq!(pool.len() % 8, 4);
        }
        let mut entries = 0;
        walk(&pool, ByteOrder::HOST, |_| entries += 1).unwrap();
        assert_eq!(entries, 39);
    }

    #[test]
    fn bad_offsets_are_named() {
        let mut pool = vec![0; POOL_START];
        append(&mut pool, b"hello");
        let end = pool.len() as u32;
        for offset in [1, 8, 5, end, end + 8, u32::MAX, u32::MAX - 3, 0x8000_0004] {
            assert!(check_offset(&pool, offset).is_err(), "{offset}");
        }
        let mut padded = pool.clone();
        *padded.last_mut().unwrap() = 1;
        assert!(check_offset(&padded, 4).is_err());
        let mut long = pool;
        long[4..8].copy_from_slice(&u32::MAX.to_ne_bytes());
        assert!(check_offset(&long, 4).is_err());
    }

    #[test]
    fn a_walk_must_end_on_the_end() {
        let order = ByteOrder::Little;
        assert_eq!(walk(&[], order, |_| ()), Err(BadPool::Start));
        assert_eq!(walk(&[0, 0, 0, 1], order, |_| ()), Err(BadPool::Start));
        assert_eq!(walk(&[0; 6], order, |_| ()), Err(BadPool::Overrun { at: 4, end: 6 }));
        let pool = [0, 0, 0, 0, 5, 0, 0, 0, 1, 2, 3, 4];
        assert_eq!(walk(&pool, order, |_| ()), Err(BadPool::Overrun { at: 4, end: 12 }));
        let pool = [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(walk(&pool, order, |_| ()), Err(BadPool::Length { at: 4, length: -1 }));
    }
}
