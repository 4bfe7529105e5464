//! Fixed-size pieces out of byte slices.

/// The `N` bytes at `at`. The caller has checked that they are there.
#[inline]
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("a slice of N bytes is an array of N bytes")
}

/// `n` rounded up to a multiple of `alignment`.
#[inline]
pub(crate) const fn round_up(n: usize, alignment: usize) -> usize {
    n.div_ceil(alignment) * alignment
}

/// Makes `buffer` exactly `len` bytes long; bytes it had before stay as they are.
///
/// A reused buffer is not cleared, so the caller has to fill all of it.
pub(crate) fn set_len(buffer: &mut Vec<u8>, len: usize) {
    buffer.truncate(len);
    buffer.resize(len, 0);
}
