//! Codes 6 and 7: a raw LZ4 block.

use lz4_flex::block;

use super::CodecError;

/// Fills `out` from its start and returns how many bytes came.
pub(super) fn decompress(stored: &[u8], out: &mut [u8]) -> Result<usize, CodecError> {
    block::decompress_into(stored, out).map_err(|error| CodecError::Damaged(error.to_string()))
}

/// Room that the compressor wants.
pub(super) fn max_compressed(part: usize) -> usize {
    block::get_maximum_output_size(part)
}

/// Compresses into `out`; `None` if that is too short.
pub(super) fn compress(part: &[u8], out: &mut [u8]) -> Option<usize> {
    block::compress_into(part, out).ok()
}
