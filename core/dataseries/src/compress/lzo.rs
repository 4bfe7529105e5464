//! Code 1: one raw LZO1X block.

use lzokay::compress::Dict;
use lzokay::compress::compress_no_alloc;

use super::CodecError;

/// Fills `out` from its start and returns how many bytes came.
pub(super) fn decompress(stored: &[u8], out: &mut [u8]) -> Result<usize, CodecError> {
    lzokay::decompress::decompress(stored, out)
        .map_err(|error| CodecError::Damaged(error.to_string()))
}

/// Room that the compressor wants.
pub(super) fn max_compressed(part: usize) -> usize {
    lzokay::compress::compress_worst_size(part)
}

/// Compresses into `out`; `None` if that is too short.
pub(super) fn compress(part: &[u8], out: &mut [u8]) -> Option<usize> {
    compress_no_alloc(part, out, &mut Dict::new()).ok()
}
