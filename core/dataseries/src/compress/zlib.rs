//! Code 2: a complete zlib stream.

use flate2::Compress;
use flate2::Compression;
use flate2::Decompress;
use flate2::FlushCompress;
use flate2::FlushDecompress;
use flate2::Status;

use super::CodecError;

/// Fills `out` from its start and returns how many bytes came.
pub(super) fn decompress(stored: &[u8], out: &mut [u8]) -> Result<usize, CodecError> {
    let mut stream = Decompress::new(true);
    let status = stream
        .decompress(stored, out, FlushDecompress::Finish)
        .map_err(|error| CodecError::Damaged(error.to_string()))?;
    match status {
        Status::StreamEnd if stream.total_in() < stored.len() as u64 => Err(CodecError::Trailing),
        Status::StreamEnd => Ok(stream.total_out() as usize),
        _ if stream.total_out() == out.len() as u64 => {
            Err(CodecError::TooLong { limit: out.len() })
        }
        _ => Err(CodecError::Damaged("the stream is cut off".to_owned())),
    }
}

/// Compresses into `out`; `None` if that is too short.
pub(super) fn compress(part: &[u8], level: u32, out: &mut [u8]) -> Option<usize> {
    let mut stream = Compress::new(Compression::new(level), true);
    match stream.compress(part, out, FlushCompress::Finish) {
        Ok(Status::StreamEnd) => Some(stream.total_out() as usize),
        _ => None,
    }
}
