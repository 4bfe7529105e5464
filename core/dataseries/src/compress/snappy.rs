//! Code 5: a raw Snappy block.

use snap::raw::Decoder;
use snap::raw::Encoder;

use super::CodecError;

/// Fills `out` from its start and returns how many bytes came.
pub(super) fn decompress(stored: &[u8], out: &mut [u8]) -> Result<usize, CodecError> {
    Decoder::new().decompress(stored, out).map_err(|error| CodecError::Damaged(error.to_string()))
}

/// Room that the compressor wants.
pub(super) fn max_compressed(part: usize) -> usize {
    snap::raw::max_compress_len(part)
}

/// Compresses into `out`; `None` if that is too short.
pub(super) fn compress(part: &[u8], out: &mut [u8]) -> Option<usize> {
    Encoder::new().compress(part, out).ok()
}
