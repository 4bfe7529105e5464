//! What can be wrong with a file, and where.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::compress::Codec;
use crate::compress::CodecError;
use crate::extent_type::TypeError;
use crate::header::HEADER_SIZE;
use crate::pool::BadPool;

/// A place in a file: what every error begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file's path, or the name that was given to the bytes.
    pub file: Arc<str>,
    /// Offset in the file, in bytes: of an extent, or of the header, tail or type library.
    pub offset: u64,
    /// The extent's type, where it is known.
    pub extent_type: Option<Arc<str>>,
}

impl Place {
    pub(crate) fn new(file: &Arc<str>, offset: u64) -> Place {
        Place { file: Arc::clone(file), offset, extent_type: None }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: offset {}", self.file, self.offset)?;
        match &self.extent_type {
            Some(name) => write!(f, ": extent '{name}'"),
            None => Ok(()),
        }
    }
}

/// The place of what the operating system refused: a file that can't be opened has no offsets.
fn where_in(place: &Place) -> String {
    if place.offset == 0 { place.file.to_string() } else { place.to_string() }
}

/// One of the checksums that a file carries (FORMAT.md §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// Adler-32 over the stored bytes of an extent.
    Adler,
    /// The hash over the unpacked bytes of an extent.
    Bjhash,
    /// The hash over the tail.
    Tail,
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Checksum::Adler => "adler checksum of the stored bytes",
            Checksum::Bjhash => "hash of the unpacked bytes",
            Checksum::Tail => "hash of the tail",
        })
    }
}

/// The two parts of an extent, as messages name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The records.
    Fixed,
    /// The strings.
    Variable,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Fixed => "fixed part",
            Part::Variable => "variable part",
        })
    }
}

/// Everything that can go wrong while reading or writing a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("{}: {source}", where_in(place))]
    Io {
        /// Where.
        place: Place,
        /// What it said.
        source: io::Error,
    },
    /// The bytes are something else, or too few to tell.
    #[error("{}: not a DataSeries file: {reason}", place.file)]
    NotDataSeries {
        /// Which file.
        place: Place,
        /// What gave it away.
        reason: &'static str,
    },
    /// The file ends before what begins here does.
    #[error("{place}: truncated: {needed} bytes belong here, the file has {available} left")]
    Truncated {
        /// Where the incomplete piece begins.
        place: Place,
        /// Its length.
        needed: u64,
        /// How much of it is there.
        available: u64,
    },
    /// A checksum does not fit the bytes that it was made for.
    #[error("{place}: {checksum} is {computed:#010x}, the file says {stored:#010x}")]
    Checksum {
        /// Of which extent, or of the tail.
        place: Place,
        /// Which of the sums.
        checksum: Checksum,
        /// What the file says.
        stored: u32,
        /// What the bytes give.
        computed: u32,
    },
    /// An extent's type is not in the type library.
    #[error("{place}: extent type '{name}' is not in the type library")]
    UnknownType {
        /// Which extent.
        place: Place,
        /// The name that it carries.
        name: String,
    },
    /// The last 28 bytes are no tail: the file is unfinished, cut off or damaged.
    #[error("{place}: no valid tail, so the file is unfinished or damaged: {reason}")]
    BadTail {
        /// Where the tail should be.
        place: Place,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The index does not describe the file.
    #[error("{place}: bad index: {reason}")]
    BadIndex {
        /// Where the index is.
        place: Place,
        /// What is wrong with it.
        reason: String,
    },
    /// A type description in the type library cannot be used.
    #[error("{place}: {source}")]
    BadType {
        /// The type library.
        place: Place,
        /// What is wrong with the type.
        source: Box<TypeError>,
    },
    /// The bytes of an extent contradict each other or its type.
    #[error("{place}: {fault}")]
    Corrupt {
        /// Which extent.
        place: Place,
        /// How.
        fault: Fault,
    },
    /// A part would unpack to more than [`Checks::part_limit`](crate::Checks::part_limit).
    #[error("{place}: the {part} unpacks to {size} bytes, which is over the limit of {limit}")]
    OverLimit {
        /// Which extent.
        place: Place,
        /// Which part.
        part: Part,
        /// Its unpacked size.
        size: u64,
        /// The limit in force.
        limit: u64,
    },
    /// The extent uses a combination of options that has no defined meaning.
    #[error("{place}: unsupported: {what}")]
    Unsupported {
        /// Which extent.
        place: Place,
        /// The combination.
        what: &'static str,
    },
    /// A value cannot be stored in its field.
    #[error("extent type '{extent_type}', field '{field}': {reason}")]
    Value {
        /// The type.
        extent_type: String,
        /// The field.
        field: String,
        /// Why not.
        reason: String,
    },
    /// An extent cannot be written to this file.
    #[error("{place}: cannot write an extent of type '{extent_type}': {reason}")]
    Unwritable {
        /// The file, and how far it is written.
        place: Place,
        /// The extent's type.
        extent_type: String,
        /// Why not.
        reason: String,
    },
    /// Text could not be written.
    #[error("cannot write the text: {0}")]
    Output(#[source] io::Error),
}

impl Error {
    /// Whether an extent behind the type library is damaged or cut off, so that others may be whole.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Checksum { place, .. }
            | Self::Corrupt { place, .. }
            | Self::Truncated { place, .. } => place.offset > HEADER_SIZE as u64,
            _ => false,
        }
    }
}

/// How the bytes of an extent are wrong: the detail of [`Error::Corrupt`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The prefix holds an impossible value.
    #[error("impossible extent prefix: {0}")]
    Prefix(&'static str),
    /// An extent of another type stands where this one has to be.
    #[error("the extent here is of type '{found}', not '{expected}'")]
    OtherType {
        /// What should be here.
        expected: String,
        /// What is here.
        found: String,
    },
    /// Rows that take no bytes, of a type without fields: their count is all there is, and may be anything.
    #[error("{count} rows of a type without fields, of which an extent has {limit} at the most")]
    EmptyRows {
        /// How many the extent says that it has.
        count: u32,
        /// How many are taken.
        limit: u32,
    },
    /// A second type library.
    #[error("there is a second type library")]
    SecondLibrary,
    /// A compression code without a meaning.
    #[error("the {part} has compression code {code}, which means nothing")]
    UnknownCode {
        /// Which part.
        part: Part,
        /// The code.
        code: u8,
    },
    /// The compressed bytes cannot be decoded.
    #[error("the {part} cannot be decompressed with {codec}: {source}")]
    Codec {
        /// Which part.
        part: Part,
        /// Which codec.
        codec: Codec,
        /// Why.
        source: CodecError,
    },
    /// The null-compacted records do not come out right.
    #[error("the null-compacted records {0}")]
    NullCompact(&'static str),
    /// The strings cannot be told apart.
    #[error("{0}")]
    Pool(#[from] BadPool),
    /// A record refers to a string that is not there.
    #[error("record {record}, field '{field}': string offset {offset} {reason}")]
    StringOffset {
        /// Number of the record in its extent, from 0.
        record: usize,
        /// Name of the field.
        field: String,
        /// The offset that it holds.
        offset: u32,
        /// What is wrong with it.
        reason: &'static str,
    },
}
