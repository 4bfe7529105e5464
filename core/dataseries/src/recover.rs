//! Saving what is whole in an unfinished or damaged file (FORMAT.md §17.5).

use std::io::Write;
use std::sync::Arc;

use crate::checks::Checks;
use crate::error::Error;
use crate::extent::Extent;
use crate::extent_type::ExtentType;
use crate::file::File;
use crate::prefix::PREFIX_SIZE;
use crate::prefix::Prefix;
use crate::stored::Parts;
use crate::stored::StoredExtent;
use crate::walker;
use crate::walker::Next;
use crate::writer::Writer;
use crate::writer::WriterOptions;

/// What was saved and what was not.
#[derive(Debug)]
pub struct Recovered<W> {
    /// What was written to.
    pub out: W,
    /// Number of extents with data that were saved.
    pub extents: usize,
    /// Number of records in them.
    pub records: u64,
    /// What could not be read, in the order of the file.
    pub failures: Vec<Error>,
    /// Whether the input had a tail: nothing is missing but what failed.
    pub found_tail: bool,
}

/// Writes every extent of `input` that passes all checks to a new file, with an index and a tail.
/// The extents are copied as they are stored.
///
/// An extent with a damaged body costs that extent. After a damaged prefix, the search goes on 28
/// bytes further; it ends after more than `max_failures` failures in a row (other tools use 10).
/// `input` is opened by [`File::open_unindexed`].
///
/// # Errors
/// The new file cannot be written.
pub fn recover<W: Write>(
    input: &File,
    out: W,
    name: &str,
    options: WriterOptions,
    max_failures: usize,
) -> Result<Recovered<W>, Error> {
    let types: Vec<Arc<ExtentType>> =
        input.types().iter().filter(|ty| !ty.is_reserved()).cloned().collect();
    let options = WriterOptions { byte_order: input.byte_order(), ..options };
    let mut writer = Writer::new(out, name, &types, options)?;
    let mut failures = Vec::new();
    let (mut extents, mut records) = (0, 0);
    let mut failed_in_a_row = 0;

    let mut search = Search::new(input);
    while let Some(found) = search.next() {
        match found {
            Ok(stored) => {
                failed_in_a_row = 0;
                if !stored.extent_type().is_reserved() {
                    writer.write(&stored)?;
                    extents += 1;
                    records += stored.record_count() as u64;
                }
            }
            Err(error) => {
                failures.push(error);
                failed_in_a_row += 1;
                if failed_in_a_row > max_failures {
                    break;
                }
            }
        }
    }
    let found_tail = search.found_tail;
    Ok(Recovered { out: writer.finish()?, extents, records, failures, found_tail })
}

/// Looks for good extents after the type library.
struct Search<'f> {
    file: &'f File,
    checks: Checks,
    position: u64,
    found_tail: bool,
    scratch: Extent,
}

impl<'f> Search<'f> {
    fn new(file: &'f File) -> Search<'f> {
        Search {
            file,
            checks: Checks { part_limit: file.checks().part_limit, ..Checks::ALL },
            position: file.data_start(),
            found_tail: false,
            scratch: Extent::empty(ExtentType::xml_type()),
        }
    }

    /// The next extent, or why what is here is none; `None` at the end.
    fn next(&mut self) -> Option<Result<StoredExtent, Error>> {
        let offset = self.position;
        match walker::look(self.file, offset) {
            Ok(Next::EndOfFile) => None,
            Ok(Next::Tail(_)) => {
                self.found_tail = true;
                None
            }
            Ok(Next::Extent(bytes, prefix)) => {
                self.position += prefix.stored_len() as u64;
                Some(self.whole(offset, bytes, prefix))
            }
            Err(error) => {
                // Where no prefix fits any more, nothing else can follow.
                let end = self.file.size();
                self.position = match end - offset < PREFIX_SIZE as u64 {
                    true => end,
                    false => offset + PREFIX_SIZE as u64,
                };
                Some(Err(error))
            }
        }
    }

    /// Reads an extent and makes every check there is.
    fn whole(
        &mut self,
        offset: u64,
        bytes: [u8; PREFIX_SIZE],
        prefix: Prefix,
    ) -> Result<StoredExtent, Error> {
        let stored = self.file.read_body(offset, bytes, prefix, Vec::new())?;
        walker::check_library(self.file, offset, stored.extent_type().name())?;
        stored.unpack_into(&mut self.scratch, Parts::All, &self.checks)?;
        Ok(stored)
    }
}
