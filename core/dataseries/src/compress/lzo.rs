//! Code 1: one raw LZO1X block. It can only be read.

use super::CodecError;

/// Fills `out` from its start and returns how many bytes came.
pub(super) fn decompress(stored: &[u8], out: &mut [u8]) -> Result<usize, CodecError> {
    lzokay::decompress::decompress(stored, out)
        .map_err(|error| CodecError::Damaged(error.to_string()))
}
