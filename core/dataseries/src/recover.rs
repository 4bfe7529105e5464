//! Saving what is whole in an unfinished or damaged file (FORMAT.md §17.5).

use std::collections::VecDeque;
use std::io::Write;
use std::sync::Arc;

use crate::checks::Checks;
use crate::checksum;
use crate::error::Error;
use crate::extent::Extent;
use crate::extent_type::ExtentType;
use crate::file::File;
use crate::library::TypeLibrary;
use crate::packed::Packed;
use crate::prefix::PREFIX_SIZE;
use crate::prefix::Prefix;
use crate::stored::Parts;
use crate::stored::StoredExtent;
use crate::walker;
use crate::walker::Next;
use crate::writer::Writer;
use crate::writer::WriterOptions;

/// How to look for what is whole.
#[derive(Debug, Clone)]
pub struct RecoverOptions {
    /// How index and, where it can't be taken over, type library of the new file are compressed.
    pub writer: WriterOptions,
    /// More failures in a row than this end the search. Other tools use 10.
    pub max_failures: usize,
    /// After a damaged prefix, look for the next good extent at every fourth byte. Other tools
    /// advance by 28 bytes, and so lose everything behind a damaged length.
    pub resynchronise: bool,
}

impl Default for RecoverOptions {
    /// What other tools do.
    fn default() -> RecoverOptions {
        RecoverOptions { writer: WriterOptions::default(), max_failures: 10, resynchronise: false }
    }
}

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
    pub losses: Vec<Loss>,
    /// Whether the input had a tail: nothing is missing but what failed.
    pub found_tail: bool,
    /// Bytes at the end that were not looked at, since there were too many failures in a row.
    pub left: u64,
}

/// A piece of a file that could not be read.
#[derive(Debug)]
pub struct Loss {
    /// Where it begins.
    pub offset: u64,
    /// Its length in bytes.
    pub length: u64,
    /// Number of records in it, if its prefix can be believed.
    pub records: Option<u32>,
    /// What is wrong with it; names the type too, where that is known.
    pub error: Error,
}

/// Writes every extent of `input` that passes all checks to a new file, with an index and a tail.
/// The extents are copied as they are stored, and so is the type library if it is as we would
/// write it.
///
/// An extent with a damaged body costs that extent. `input` is opened by
/// [`File::open_unindexed`].
///
/// # Errors
/// The new file cannot be written.
pub fn recover<W: Write>(
    input: &File,
    out: W,
    name: &str,
    options: RecoverOptions,
) -> Result<Recovered<W>, Error> {
    let mut writer = begin(input, out, name, options.writer)?;
    let mut losses = Vec::new();
    let (mut extents, mut records) = (0, 0);
    let mut failed_in_a_row = 0;

    let mut salvage = Salvage::new(input, options.resynchronise);
    while let Some(found) = salvage.next() {
        match found {
            Ok(stored) => {
                failed_in_a_row = 0;
                if !stored.extent_type().is_reserved() {
                    writer.write(&stored)?;
                    extents += 1;
                    records += stored.record_count() as u64;
                }
                salvage.recycle(stored);
            }
            Err(loss) => {
                losses.push(*loss);
                failed_in_a_row += 1;
                if failed_in_a_row > options.max_failures {
                    break;
                }
            }
        }
    }
    let (found_tail, left) = (salvage.found_tail(), salvage.left());
    Ok(Recovered { out: writer.finish()?, extents, records, losses, found_tail, left })
}

/// Begins the new file, with the old one's type library if possible.
fn begin<W: Write>(
    input: &File,
    out: W,
    name: &str,
    options: WriterOptions,
) -> Result<Writer<W>, Error> {
    let types: Vec<Arc<ExtentType>> =
        input.types().iter().filter(|ty| !ty.is_reserved()).cloned().collect();
    let mut library = TypeLibrary::default();
    for ty in &types {
        library.add(Arc::clone(ty)).expect("a library has each name once");
    }
    let stored = input.library()?;
    let is_canonical = |stored: &StoredExtent| -> Result<bool, Error> {
        let found = Packed::from(stored.unpack(Parts::All, &Checks::ALL)?);
        Ok(library.pack()?.is_same(&found))
    };
    match is_canonical(&stored) {
        Ok(true) => Writer::with_library(out, name, &library, &stored, options),
        _ => {
            let options = WriterOptions { byte_order: input.byte_order(), ..options };
            Writer::new(out, name, &types, options)
        }
    }
}

/// Goes through a file, whatever its state, and gives every extent after the type library that
/// passes all checks, and what is lost between them.
#[derive(Debug)]
pub struct Salvage<'f> {
    file: &'f File,
    checks: Checks,
    position: u64,
    resynchronise: bool,
    found_tail: bool,
    chain: Option<u32>,
    scratch: Vec<Extent>,
    buffers: Vec<Vec<u8>>,
    /// Extents from `position` on that are good: they were checked together, which costs less.
    ahead: VecDeque<StoredExtent>,
    /// How many are looked at together: twice as many each time, until one isn't good.
    together: usize,
}

/// Most extents that are checked together.
const MOST_AHEAD: usize = 16;

/// Bytes that are unpacked together, unless one extent alone has more.
const BYTES_AHEAD: u64 = 8 << 20;

impl<'f> Salvage<'f> {
    /// Begins after the type library. For `resynchronise`, see [`RecoverOptions`].
    pub fn new(file: &'f File, resynchronise: bool) -> Salvage<'f> {
        let library = file.library().map(|library| *library.prefix());
        Salvage {
            file,
            checks: Checks { part_limit: file.checks().part_limit, ..Checks::ALL },
            position: file.data_start(),
            resynchronise,
            found_tail: false,
            chain: library.map(|prefix| checksum::chain(0, prefix.adler, prefix.bjhash)).ok(),
            scratch: Vec::new(),
            buffers: Vec::new(),
            ahead: VecDeque::new(),
            together: 1,
        }
    }

    /// Where the search goes on.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Bytes that were not looked at yet.
    pub fn left(&self) -> u64 {
        if self.found_tail { 0 } else { self.file.size() - self.position }
    }

    /// Whether the file's tail was reached, and is good.
    pub fn found_tail(&self) -> bool {
        self.found_tail
    }

    /// The chain value over all extents so far (FORMAT.md §5.4), if none was lost.
    pub fn chain(&self) -> Option<u32> {
        self.chain
    }

    /// Gives a buffer back, to read another extent into.
    pub fn recycle(&mut self, stored: StoredExtent) {
        if self.buffers.len() < MOST_AHEAD {
            self.buffers.push(stored.into_bytes());
        }
    }

    /// The next extent, or what is here instead; `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "buffers come back between the steps")]
    pub fn next(&mut self) -> Option<Result<StoredExtent, Box<Loss>>> {
        let found = self.find()?;
        self.chain = match (&found, self.chain) {
            (Ok(stored), Some(chain)) => {
                let prefix = stored.prefix();
                Some(checksum::chain(chain, prefix.adler, prefix.bjhash))
            }
            _ => None,
        };
        Some(found)
    }

    fn find(&mut self) -> Option<Result<StoredExtent, Box<Loss>>> {
        if self.ahead.is_empty() {
            self.look_ahead();
        }
        if let Some(stored) = self.ahead.pop_front() {
            self.position += stored.bytes().len() as u64;
            return Some(Ok(stored));
        }
        let offset = self.position;
        let lost = |length, records, error| Box::new(Loss { offset, length, records, error });
        match walker::look(self.file, offset) {
            Ok(Next::EndOfFile) => None,
            Ok(Next::Tail(_)) => {
                self.found_tail = true;
                None
            }
            Ok(Next::Extent(bytes, prefix)) => {
                let length = prefix.stored_len() as u64;
                let whole = self.whole(offset, bytes, prefix);
                if whole.is_err() && self.resynchronise && !self.is_boundary(offset + length) {
                    self.position = self.next_good(offset);
                } else {
                    self.position = offset + length;
                }
                let length = self.position - offset;
                Some(whole.map_err(|error| lost(length, Some(prefix.records), error)))
            }
            Err(error) => {
                // Where no prefix fits any more, nothing else can follow.
                let end = self.file.size();
                self.position = match end - offset < PREFIX_SIZE as u64 {
                    true => end,
                    false if self.resynchronise => self.next_good(offset),
                    false => offset + PREFIX_SIZE as u64,
                };
                Some(Err(lost(self.position - offset, None, error)))
            }
        }
    }

    /// Reads and checks the extents from here to the first that isn't good.
    fn look_ahead(&mut self) {
        let mut read = Vec::new();
        let (mut at, mut bytes) = (self.position, 0);
        while read.len() < self.together && bytes < BYTES_AHEAD {
            let Ok(Next::Extent(first, prefix)) = walker::look(self.file, at) else { break };
            let Ok(stored) = self.body(at, first, prefix) else { break };
            at += stored.bytes().len() as u64;
            bytes += stored.fixed_size() + u64::from(prefix.variable_size);
            read.push(stored);
        }
        while self.scratch.len() < read.len() {
            self.scratch.push(Extent::empty(ExtentType::xml_type()));
        }
        let jobs = read.iter().zip(&mut self.scratch);
        let mut jobs: Vec<_> = jobs.map(|(stored, extent)| (stored, extent, Parts::All)).collect();
        let results = StoredExtent::unpack_each(&mut jobs, &self.checks);
        let good = results.iter().take_while(|result| result.is_ok()).count();
        let is_all_good = good > 0 && good == read.len();
        self.together = if is_all_good { (2 * self.together).min(MOST_AHEAD) } else { 1 };
        self.ahead.extend(read.into_iter().take(good));
    }

    /// Whether an extent, the tail or the end of the file is at `offset`, as far as its first
    /// bytes tell.
    fn is_boundary(&self, offset: u64) -> bool {
        match walker::look(self.file, offset) {
            Ok(Next::Extent(_, prefix)) => self.file.entry_at(offset, &prefix).is_ok(),
            Ok(_) => true,
            Err(_) => false,
        }
    }

    /// The next place after `offset` with a good tail or an extent whose checksum fits; else the
    /// end of the file.
    fn next_good(&mut self, offset: u64) -> u64 {
        let mut at = offset + 4;
        while at + PREFIX_SIZE as u64 <= self.file.size() {
            let is_good = match walker::look(self.file, at) {
                // The name is looked up first: few places get as far as the checksum.
                Ok(Next::Extent(bytes, prefix)) if self.file.entry_at(at, &prefix).is_ok() => {
                    self.whole(at, bytes, prefix).is_ok()
                }
                Ok(Next::Tail(_)) => true,
                _ => false,
            };
            if is_good {
                return at;
            }
            at += 4;
        }
        self.file.size()
    }

    /// Reads an extent and makes every check there is.
    fn whole(
        &mut self,
        offset: u64,
        bytes: [u8; PREFIX_SIZE],
        prefix: Prefix,
    ) -> Result<StoredExtent, Error> {
        let stored = self.body(offset, bytes, prefix)?;
        stored.unpack(Parts::All, &self.checks)?;
        Ok(stored)
    }

    /// Reads an extent and checks its stored bytes.
    fn body(
        &mut self,
        offset: u64,
        bytes: [u8; PREFIX_SIZE],
        prefix: Prefix,
    ) -> Result<StoredExtent, Error> {
        let buffer = self.buffers.pop().unwrap_or_default();
        let stored = self.file.read_body(offset, bytes, prefix, buffer)?;
        walker::check_library(self.file, offset, stored.extent_type().name())?;
        Ok(stored)
    }
}
