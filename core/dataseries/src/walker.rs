//! From extent to extent, without the index (FORMAT.md §17.3).

use crate::checksum;
use crate::error::Error;
use crate::error::Fault;
use crate::extent_type::XML_TYPE;
use crate::file::File;
use crate::header::HEADER_SIZE;
use crate::index::Entry;
use crate::prefix::PREFIX_SIZE;
use crate::prefix::Prefix;
use crate::stored::StoredExtent;
use crate::tail::TAIL_SIZE;
use crate::tail::Tail;

/// How a file ends.
#[derive(Debug)]
pub enum End {
    /// With a tail: it is finished.
    Tail(Tail),
    /// After a whole extent: its writer did not finish it.
    Unfinished,
    /// With something that is no extent and no tail. An unfinished file usually ends with a piece
    /// of an extent, and then the error is [`Error::Truncated`].
    Damaged(Error),
}

/// Reads the extents of a file one after the other, from the type library on. It needs no index
/// and no tail.
#[derive(Debug)]
pub struct Walker<'f> {
    file: &'f File,
    position: u64,
    chain: u32,
    tail: Option<Tail>,
}

/// What stands at a place where an extent can begin.
pub(crate) enum Next {
    Extent([u8; PREFIX_SIZE], Prefix),
    Tail(Tail),
    EndOfFile,
}

impl<'f> Walker<'f> {
    pub(crate) fn new(file: &'f File) -> Walker<'f> {
        Walker { file, position: HEADER_SIZE as u64, chain: 0, tail: None }
    }

    /// Where the next extent begins, or the one that could not be read.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The chain value over the extents read so far (FORMAT.md §5.4). After the last one, it is
    /// what the tail should say, unless the file's writer was an old one. Extents that were
    /// [skipped](Walker::skip) are missing in it.
    pub fn chain(&self) -> u32 {
        self.chain
    }

    /// How the file ended; asked after [`next`](Walker::next) gave `None`.
    pub fn end(&self) -> End {
        self.tail.map_or(End::Unfinished, End::Tail)
    }

    /// Reads the next extent; `None` at the end of the file or at its tail.
    ///
    /// # Errors
    /// What is here is neither an extent nor a tail, or is damaged. The walker stays where it is.
    #[expect(clippy::should_implement_trait, reason = "an iterator would go on after an error")]
    pub fn next(&mut self) -> Result<Option<StoredExtent>, Error> {
        self.next_with(Vec::new())
    }

    /// Like [`next`](Walker::next), into a buffer that was used before.
    ///
    /// # Errors
    /// As [`next`](Walker::next).
    pub fn next_with(&mut self, buffer: Vec<u8>) -> Result<Option<StoredExtent>, Error> {
        let Some((bytes, prefix)) = self.next_prefix()? else {
            return Ok(None);
        };
        let stored = self.file.read_body(self.position, bytes, prefix, buffer)?;
        check_library(self.file, self.position, stored.extent_type().name())?;
        self.chain = checksum::chain(self.chain, prefix.adler, prefix.bjhash);
        self.position += prefix.stored_len() as u64;
        Ok(Some(stored))
    }

    /// Passes over the next extent and reads no more than its prefix and name.
    ///
    /// # Errors
    /// What is here is neither an extent nor a tail. The walker stays where it is.
    pub fn skip(&mut self) -> Result<Option<Entry>, Error> {
        let Some((_, prefix)) = self.next_prefix()? else {
            return Ok(None);
        };
        let entry = self.file.entry_at(self.position, &prefix)?;
        check_library(self.file, self.position, entry.extent_type.name())?;
        self.position += prefix.stored_len() as u64;
        Ok(Some(entry))
    }

    fn next_prefix(&mut self) -> Result<Option<([u8; PREFIX_SIZE], Prefix)>, Error> {
        match look(self.file, self.position)? {
            Next::Extent(bytes, prefix) => Ok(Some((bytes, prefix))),
            Next::EndOfFile => Ok(None),
            Next::Tail(tail) => {
                self.tail = Some(tail);
                Ok(None)
            }
        }
    }
}

/// Refuses a type library anywhere but at the beginning.
pub(crate) fn check_library(file: &File, offset: u64, name: &str) -> Result<(), Error> {
    match name == XML_TYPE && offset != HEADER_SIZE as u64 {
        false => Ok(()),
        true => Err(Error::Corrupt { place: file.place(offset), fault: Fault::SecondLibrary }),
    }
}

/// Finds out what stands at `position`; a whole extent is in the file if its prefix is good.
pub(crate) fn look(file: &File, position: u64) -> Result<Next, Error> {
    if position == file.size() {
        return Ok(Next::EndOfFile);
    }
    let bytes = file.prefix_bytes_at(position)?;
    if Tail::starts(&bytes) {
        let end = position + TAIL_SIZE as u64;
        let tail = match end == file.size() {
            true => Tail::parse(&bytes, file.byte_order(), end, true),
            false => Err("more bytes follow it"),
        };
        return tail
            .map(Next::Tail)
            .map_err(|reason| Error::BadTail { place: file.place(position), reason });
    }
    Ok(Next::Extent(bytes, file.parse_prefix(position, &bytes)?))
}
