//! Code 3: a complete bzip2 stream.

use bzip2::Action;
use bzip2::Compress;
use bzip2::Compression;
use bzip2::Decompress;
use bzip2::Status;

use super::CodecError;

/// How much room the decoder gets before it has shown that it fills it.
const FIRST_ROOM: usize = 64 << 10;
/// The default of the library and of every writer known.
const WORK_FACTOR: u32 = 0;

/// Appends to `out`, up to a length of `limit`. It grows as bytes come, since a few bytes of
/// bzip2 can stand for any number.
pub(super) fn decompress(stored: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<(), CodecError> {
    let damaged = |error: bzip2::Error| CodecError::Damaged(error.to_string());
    let mut stream = Decompress::new(false);
    loop {
        if out.len() == out.capacity() {
            // One byte more than allowed, so that the end of the stream is seen where it is due.
            let room = out.len().max(FIRST_ROOM).min(limit + 1 - out.len());
            out.reserve_exact(room);
        }
        let before = (stream.total_in(), out.len());
        let status =
            stream.decompress_vec(&stored[stream.total_in() as usize..], out).map_err(damaged)?;
        if out.len() > limit {
            return Err(CodecError::TooLong { limit });
        }
        match status {
            Status::StreamEnd if stream.total_in() < stored.len() as u64 => {
                return Err(CodecError::Trailing);
            }
            Status::StreamEnd => return Ok(()),
            Status::MemNeeded => return Err(CodecError::Damaged("out of memory".to_owned())),
            _ if before == (stream.total_in(), out.len()) => {
                return Err(CodecError::Damaged("the stream is cut off".to_owned()));
            }
            _ => {}
        }
    }
}

/// Compresses into `out`; `None` if that is too short.
pub(super) fn compress(part: &[u8], level: u32, out: &mut [u8]) -> Option<usize> {
    let mut stream = Compress::new(Compression::new(level), WORK_FACTOR);
    match stream.compress(part, out, Action::Finish) {
        Ok(Status::StreamEnd) => Some(stream.total_out() as usize),
        _ => None,
    }
}
