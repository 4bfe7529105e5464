//! Reads and writes the DataSeries file format (`DSv1`).
//!
//! A DataSeries file holds tables. Records of one table are collected into *extents*, each packed
//! and compressed on its own; an [`ExtentType`] is the table's schema. `FORMAT.md` in this
//! crate's folder describes every byte, and the code refers to its sections.
//!
//! Reading goes [`File`] → [`StoredExtent`] → [`Extent`] → [`Row`]: the bytes as they are in the
//! file, unpacked records in the host's byte order, a view of one record. Writing goes the other
//! way: [`ExtentBuilder`] → [`Packed`] → [`StoredExtent`] → [`Writer`]. Packing and unpacking an
//! extent needs nothing but that extent, so any number of threads can do it; [`ParallelWriter`]
//! packs on several. [`Stream`] reads from a pipe, [`Files`] several files as one, and
//! [`recover`] what is whole of a damaged one.
//!
//! The crate knows bytes, types and extents, and nothing of what the records mean.

#![forbid(unsafe_code)]

mod atomic;
mod builder;
mod bytes;
mod checks;
mod checksum;
mod compress;
mod error;
mod extent;
mod extent_type;
mod file;
mod files;
mod header;
mod index;
mod layout;
mod library;
mod pack;
mod packed;
mod parallel;
mod pool;
mod prefix;
mod recover;
mod source;
mod stored;
mod stream;
mod tail;
pub mod text;
mod walker;
mod writer;

pub use atomic::AtomicFile;
pub use builder::ExtentBuilder;
pub use checks::Checks;
pub use compress::Codec;
pub use compress::CodecError;
pub use compress::Compression;
pub use compress::UnknownCodec;
pub use error::Checksum;
pub use error::Error;
pub use error::Fault;
pub use error::Part;
pub use error::Place;
pub use extent::Extent;
pub use extent::Row;
pub use extent::RowMut;
pub use extent::Value;
pub use extent_type::Column;
pub use extent_type::Declared;
pub use extent_type::ExtentType;
pub use extent_type::INDEX_TYPE;
pub use extent_type::NoColumn;
pub use extent_type::Packing;
pub use extent_type::RESERVED_PREFIX;
pub use extent_type::TypeError;
pub use extent_type::Version;
pub use extent_type::XML_TYPE;
pub use file::File;
pub use files::Files;
pub use header::ByteOrder;
pub use header::HEADER_SIZE;
pub use index::Entry;
pub use layout::Bit;
pub use layout::FieldKind;
pub use layout::FieldOrdering;
pub use layout::Layout;
pub use layout::PadRecord;
pub use library::NoSingleType;
pub use library::TypeLibrary;
pub use packed::Packed;
pub use parallel::ParallelWriter;
pub use pool::BadPool;
pub use prefix::PREFIX_SIZE;
pub use prefix::Prefix;
pub use recover::Loss;
pub use recover::RecoverOptions;
pub use recover::Recovered;
pub use recover::Salvage;
pub use recover::recover;
pub use stored::Parts;
pub use stored::StoredExtent;
pub use stream::Stream;
pub use tail::TAIL_SIZE;
pub use tail::Tail;
pub use walker::End;
pub use walker::Walker;
pub use writer::Writer;
pub use writer::WriterOptions;
