//! The codecs, and the choice between them (FORMAT.md §6).

use std::fmt;
use std::str::FromStr;

mod bz2;
mod lz4;
mod lz4hc;
mod lzf;
mod lzo;
mod snappy;
mod zlib;

use crate::bytes::set_len;

/// A compression method. Every one can be read and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Codec {
    /// The bytes themselves.
    None = 0,
    /// LZO1X.
    Lzo = 1,
    /// zlib.
    Zlib = 2,
    /// bzip2.
    Bz2 = 3,
    /// LZF.
    Lzf = 4,
    /// Snappy.
    Snappy = 5,
    /// LZ4.
    Lz4 = 6,
    /// LZ4, made by a slower compressor.
    Lz4hc = 7,
}

impl Codec {
    /// All codecs, in the order of their codes.
    pub const ALL: [Codec; 8] = [
        Codec::None,
        Codec::Lzo,
        Codec::Zlib,
        Codec::Bz2,
        Codec::Lzf,
        Codec::Snappy,
        Codec::Lz4,
        Codec::Lz4hc,
    ];

    /// The codec with that code in an extent's prefix.
    pub fn from_code(code: u8) -> Option<Codec> {
        Codec::ALL.get(code as usize).copied()
    }

    /// The code in an extent's prefix.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Its name, lower case.
    pub fn name(self) -> &'static str {
        match self {
            Codec::None => "none",
            Codec::Lzo => "lzo",
            Codec::Zlib => "zlib",
            Codec::Bz2 => "bz2",
            Codec::Lzf => "lzf",
            Codec::Snappy => "snappy",
            Codec::Lz4 => "lz4",
            Codec::Lz4hc => "lz4hc",
        }
    }

    /// The most bytes that `stored` bytes can decompress to; `None` for bz2, which packs runs so
    /// tightly that the number would say nothing.
    fn max_output(self, stored: usize) -> Option<u64> {
        let ratio = match self {
            Codec::None => 1,
            Codec::Lzo | Codec::Lz4 | Codec::Lz4hc => 255,
            Codec::Zlib => 1032,
            Codec::Lzf => 88,
            Codec::Snappy => 22,
            Codec::Bz2 => return None,
        };
        // The first bytes of a stream can give a little more than the ratio.
        Some(stored as u64 * ratio + 64)
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no codec has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no codec '{0}'")]
pub struct UnknownCodec(pub String);

impl FromStr for Codec {
    type Err = UnknownCodec;

    fn from_str(name: &str) -> Result<Codec, UnknownCodec> {
        // Other tools call zlib gz.
        let name = if name == "gz" { "zlib" } else { name };
        let known = Codec::ALL.into_iter().find(|codec| codec.name() == name);
        known.ok_or_else(|| UnknownCodec(name.to_owned()))
    }
}

/// Why stored bytes cannot be decompressed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The prefix claims a size that so few bytes cannot have.
    #[error("{stored} bytes cannot hold the {claimed} that they should")]
    Claim {
        /// Length of the stored bytes.
        stored: usize,
        /// What they should decompress to.
        claimed: usize,
    },
    /// They give another number of bytes.
    #[error("it gives {actual} bytes instead of {expected}")]
    Size {
        /// What should come out.
        expected: usize,
        /// What did.
        actual: usize,
    },
    /// They give more bytes than they may.
    #[error("it gives more than {limit} bytes")]
    TooLong {
        /// The most that may come out.
        limit: usize,
    },
    /// There are bytes after the end of the stream.
    #[error("the compressed stream ends before its bytes do")]
    Trailing,
    /// The stream is damaged.
    #[error("{0}")]
    Damaged(String),
}

/// How much has to come out of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    Exactly(usize),
    /// Null-compacted records: their stored length is not written anywhere.
    AtMost(usize),
}

/// Decompresses `stored` into `out` from `start` on; what was there before is lost.
pub(crate) fn decompress(
    codec: Codec,
    stored: &[u8],
    size: Size,
    start: usize,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    let (Size::Exactly(limit) | Size::AtMost(limit)) = size;
    let reachable = codec.max_output(stored.len()).unwrap_or(u64::MAX);
    if let Size::Exactly(claimed) = size
        && claimed as u64 > reachable
    {
        return Err(CodecError::Claim { stored: stored.len(), claimed });
    }
    let space = limit.min(usize::try_from(reachable).unwrap_or(usize::MAX));
    let decoder = match codec {
        Codec::None => copy,
        Codec::Lzo => lzo::decompress,
        Codec::Zlib => zlib::decompress,
        Codec::Lzf => lzf::decompress,
        Codec::Snappy => snappy::decompress,
        Codec::Lz4 | Codec::Lz4hc => lz4::decompress,
        Codec::Bz2 => {
            out.truncate(start);
            bz2::decompress(stored, start + limit, out)?;
            return check_size(size, out.len() - start);
        }
    };
    set_len(out, start + space);
    let actual = decoder(stored, &mut out[start..])?;
    out.truncate(start + actual);
    check_size(size, actual)
}

fn copy(stored: &[u8], out: &mut [u8]) -> Result<usize, CodecError> {
    let limit = out.len();
    let room = out.get_mut(..stored.len()).ok_or(CodecError::TooLong { limit })?;
    room.copy_from_slice(stored);
    Ok(stored.len())
}

fn check_size(size: Size, actual: usize) -> Result<(), CodecError> {
    match size {
        Size::Exactly(expected) if actual != expected => Err(CodecError::Size { expected, actual }),
        _ => Ok(()),
    }
}

/// Which codecs a writer may use for the two parts of an extent, and how hard they try.
///
/// For each part, every codec in its set is tried and the smallest result wins; a part that no
/// codec makes smaller is stored as it is (FORMAT.md §6.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compression {
    fixed: Vec<Codec>,
    variable: Vec<Codec>,
    level: u32,
}

impl Compression {
    /// The same codecs for both parts, at level 9. An empty slice stores everything as it is.
    ///
    /// # Errors
    /// One of the codecs can only be read; at present there is none such.
    pub fn new(codecs: &[Codec]) -> Result<Compression, UnknownCodec> {
        Compression::per_part(codecs, codecs)
    }

    /// Codecs for the fixed and for the variable part, at level 9.
    ///
    /// # Errors
    /// As [`new`](Compression::new).
    pub fn per_part(fixed: &[Codec], variable: &[Codec]) -> Result<Compression, UnknownCodec> {
        Ok(Compression { fixed: candidates(fixed), variable: candidates(variable), level: 9 })
    }

    /// Everything is stored as it is.
    pub fn none() -> Compression {
        Compression { fixed: Vec::new(), variable: Vec::new(), level: 9 }
    }

    /// The level for zlib, bz2 and lz4hc, brought into 1 to 9. The other codecs have none.
    pub fn with_level(mut self, level: u32) -> Compression {
        self.level = level.clamp(1, 9);
        self
    }

    pub(crate) fn append_fixed(&self, part: &[u8], out: &mut Vec<u8>) -> Codec {
        self.append(&self.fixed, part, out)
    }

    pub(crate) fn append_variable(&self, part: &[u8], out: &mut Vec<u8>) -> Codec {
        self.append(&self.variable, part, out)
    }

    /// Appends the smallest form of `part` to `out` and says which codec made it.
    fn append(&self, codecs: &[Codec], part: &[u8], out: &mut Vec<u8>) -> Codec {
        let start = out.len();
        let mut best = Codec::None;
        for &codec in codecs {
            // A result counts only if it is smaller than the best one before it.
            let (limit, place) = match best {
                Codec::None => (part.len(), start),
                _ => (out.len() - start, out.len()),
            };
            if compress(codec, self.level, part, limit, out) {
                out.drain(start..place);
                best = codec;
            } else {
                out.truncate(place);
            }
        }
        if best == Codec::None {
            out.extend_from_slice(part);
        }
        best
    }
}

impl Default for Compression {
    /// lz4 for both parts.
    fn default() -> Compression {
        Compression { fixed: vec![Codec::Lz4], variable: vec![Codec::Lz4], level: 9 }
    }
}

/// The codecs that are worth a try, in the order of their codes.
fn candidates(codecs: &[Codec]) -> Vec<Codec> {
    let mut codecs = codecs.to_vec();
    codecs.retain(|&codec| codec != Codec::None);
    codecs.sort_unstable();
    codecs.dedup();
    codecs
}

/// Appends `part`, compressed to less than `limit` bytes, to `out`; `false` if it stays larger.
/// Then `out` may have any bytes after its old end.
fn compress(codec: Codec, level: u32, part: &[u8], limit: usize, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let Some(space) = limit.checked_sub(1) else {
        return false;
    };
    // Some compressors want room for the worst case, whatever comes out in the end.
    let space = match codec {
        Codec::Lz4 => lz4::max_compressed(part.len()),
        Codec::Snappy => snappy::max_compressed(part.len()),
        Codec::Lzo => lzo::max_compressed(part.len()),
        _ => space,
    };
    out.resize(start + space, 0);
    let room = &mut out[start..];
    let length = match codec {
        Codec::Zlib => zlib::compress(part, level, room),
        Codec::Bz2 => bz2::compress(part, level, room),
        Codec::Lzf => lzf::compress(part, room),
        Codec::Snappy => snappy::compress(part, room),
        Codec::Lz4 => lz4::compress(part, room),
        Codec::Lz4hc => lz4hc::compress(part, level, room),
        Codec::Lzo => lzo::compress(part, room),
        Codec::None => None,
    };
    let length = length.filter(|&length| length < limit);
    out.truncate(start + length.unwrap_or(0));
    length.is_some()
}

#[cfg(test)]
mod tests;
