//! Reading a file: by its index, or from the beginning (FORMAT.md §17).

use std::path::Path;
use std::sync::Arc;

use crate::bytes::set_len;
use crate::checks::Checks;
use crate::error::Error;
use crate::error::Fault;
use crate::error::Place;
use crate::extent_type::ExtentType;
use crate::extent_type::INDEX_TYPE;
use crate::extent_type::XML_TYPE;
use crate::header;
use crate::header::ByteOrder;
use crate::header::HEADER_SIZE;
use crate::index;
use crate::index::Entry;
use crate::library::TypeLibrary;
use crate::prefix::PREFIX_SIZE;
use crate::prefix::Prefix;
use crate::source::Source;
use crate::stored;
use crate::stored::Parts;
use crate::stored::StoredExtent;
use crate::tail::TAIL_SIZE;
use crate::tail::Tail;
use crate::walker::End;
use crate::walker::Walker;

/// A file that is open for reading. All reads are at given places, so several threads can share
/// one `&File`.
///
/// ```no_run
/// # use dataseries::{Checks, File, Parts};
/// let file = File::open("trace.ds", Checks::ALL)?;
/// for entry in file.entries().iter().filter(|entry| entry.is_data()) {
///     let extent = file.read(entry)?.unpack(Parts::All, file.checks())?;
///     println!("{}: {} rows", entry.extent_type.name(), extent.row_count());
/// }
/// # Ok::<(), dataseries::Error>(())
/// ```
#[derive(Debug)]
pub struct File {
    source: Source,
    order: ByteOrder,
    checks: Checks,
    library: TypeLibrary,
    /// Where the first extent after the type library begins.
    data_start: u64,
    entries: Vec<Entry>,
    tail: Option<Tail>,
}

impl File {
    /// Opens a finished file: reads header, type library, tail and index.
    ///
    /// # Errors
    /// It is not a DataSeries file; its type library is damaged; or it has no good tail and index
    /// ([`Error::BadTail`], [`Error::BadIndex`]), which is normal if its writer was killed. Then
    /// [`scan`](File::scan) still reads what is there.
    pub fn open(path: impl AsRef<Path>, checks: Checks) -> Result<File, Error> {
        File::open_unindexed(path, checks)?.with_index()
    }

    /// Opens a file that may have no tail and index, and goes from extent to extent to find out
    /// what it has. Also says how the file ended: with [`End::Damaged`] at the first thing that
    /// is no extent, which for an unfinished file is usually a piece of one.
    ///
    /// Only the prefixes of the extents are read, so an extent that is damaged otherwise is
    /// noticed when it is read itself.
    ///
    /// # Errors
    /// The header or the type library is damaged, so that nothing can be read.
    pub fn scan(path: impl AsRef<Path>, checks: Checks) -> Result<(File, End), Error> {
        Ok(File::open_unindexed(path, checks)?.with_scan())
    }

    /// Opens a file to [`walk`](File::walk) through it, and reads nothing but its header and type
    /// library. [`entries`](File::entries) stays empty.
    ///
    /// # Errors
    /// The header or the type library is damaged.
    pub fn open_unindexed(path: impl AsRef<Path>, checks: Checks) -> Result<File, Error> {
        File::begin(Source::open(path.as_ref())?, checks)
    }

    /// Like [`open_unindexed`](File::open_unindexed), for a file in memory. Errors call it `name`.
    ///
    /// # Errors
    /// As [`open_unindexed`](File::open_unindexed).
    pub fn from_bytes(name: &str, bytes: Vec<u8>, checks: Checks) -> Result<File, Error> {
        File::begin(Source::memory(name, bytes), checks)
    }

    /// Like [`open_unindexed`](File::open_unindexed), for a file that is open already. Errors call
    /// it `name`.
    ///
    /// # Errors
    /// As [`open_unindexed`](File::open_unindexed).
    pub fn from_file(name: &str, file: std::fs::File, checks: Checks) -> Result<File, Error> {
        File::begin(Source::file(name, file)?, checks)
    }

    fn begin(source: Source, checks: Checks) -> Result<File, Error> {
        let place = source.place(0);
        let mut bytes = [0; HEADER_SIZE];
        if source.len < HEADER_SIZE as u64 {
            let reason = "it is shorter than the header";
            return Err(Error::NotDataSeries { place, reason });
        }
        source.read(0, &mut bytes)?;
        let order = header::parse(&bytes, checks.header)
            .map_err(|reason| Error::NotDataSeries { place, reason })?;
        let mut file = File {
            source,
            order,
            checks,
            library: TypeLibrary::default(),
            data_start: HEADER_SIZE as u64,
            entries: Vec::new(),
            tail: None,
        };
        let stored = file.read_at(file.data_start, Vec::new())?;
        file.expect_type(&stored, XML_TYPE)?;
        file.data_start += stored.bytes().len() as u64;
        file.library = TypeLibrary::unpack(&stored, &file.checks)?;
        Ok(file)
    }

    /// Reads tail and index, as [`open`](File::open) does.
    ///
    /// # Errors
    /// They are missing or damaged.
    pub fn with_index(mut self) -> Result<File, Error> {
        let (tail, entries) = self.find_index()?;
        (self.tail, self.entries) = (Some(tail), entries);
        Ok(self)
    }

    /// Like [`with_index`](File::with_index); but where tail or index are missing or damaged, the
    /// extents are found one by one. Then it also says what is wrong with the index, and how the
    /// file ends.
    ///
    /// # Errors
    /// The operating system refused.
    pub fn with_index_or_scan(mut self) -> Result<(File, Option<(Error, End)>), Error> {
        match self.find_index() {
            Ok((tail, entries)) => {
                (self.tail, self.entries) = (Some(tail), entries);
                Ok((self, None))
            }
            Err(error @ (Error::BadTail { .. } | Error::BadIndex { .. })) => {
                let (file, end) = self.with_scan();
                Ok((file, Some((error, end))))
            }
            Err(error) => Err(error),
        }
    }

    fn find_index(&self) -> Result<(Tail, Vec<Entry>), Error> {
        let Some(tail_offset) =
            self.source.len.checked_sub(TAIL_SIZE as u64).filter(|&at| at >= self.data_start)
        else {
            let reason = "the file ends with the type library";
            return Err(Error::BadTail { place: self.place(self.source.len), reason });
        };
        let mut bytes = [0; TAIL_SIZE];
        self.source.read(tail_offset, &mut bytes)?;
        let tail = Tail::parse(&bytes, self.order, self.source.len, self.checks.tail)
            .map_err(|reason| Error::BadTail { place: self.place(tail_offset), reason })?;
        let entries = self.read_index(&tail).map_err(|error| match error {
            Error::Io { .. } | Error::BadIndex { .. } => error,
            other => {
                let place = self.place(tail.index_offset);
                Error::BadIndex { place, reason: other.to_string() }
            }
        })?;
        Ok((tail, entries))
    }

    fn read_index(&self, tail: &Tail) -> Result<Vec<Entry>, Error> {
        let stored = self.read_at(tail.index_offset, Vec::new())?;
        self.expect_type(&stored, INDEX_TYPE)?;
        if self.checks.index && stored.bytes().len() as u64 != tail.index_len as u64 {
            let reason = "its length is not what the tail says".to_owned();
            return Err(Error::BadIndex { place: stored.place(), reason });
        }
        index::unpack(&stored, &self.library, &self.checks)
    }

    /// Finds the extents one by one, as [`scan`](File::scan) does.
    pub fn with_scan(mut self) -> (File, End) {
        let mut entries = Vec::new();
        let mut walker = self.walk();
        let end = loop {
            match walker.skip() {
                Ok(Some(entry)) => entries.push(entry),
                Ok(None) => break walker.end(),
                Err(error) => break End::Damaged(error),
            }
        };
        if let End::Tail(tail) = &end {
            self.tail = Some(*tail);
        }
        self.entries = entries;
        (self, end)
    }

    /// Reads every extent and leaves those out of [`entries`](File::entries) that are damaged; returns these, and
    /// what is wrong with each.
    pub fn leave_out_damaged(&mut self, checks: &Checks) -> Vec<(Entry, Error)> {
        let mut damaged = Vec::new();
        let mut whole = std::mem::take(&mut self.entries);
        whole.retain(|entry| {
            let read = self.read(entry).and_then(|stored| stored.unpack(Parts::All, checks));
            read.map_err(|error| damaged.push((entry.clone(), error))).is_ok()
        });
        self.entries = whole;
        damaged
    }

    fn expect_type(&self, stored: &StoredExtent, expected: &str) -> Result<(), Error> {
        let found = stored.extent_type().name();
        if found == expected {
            return Ok(());
        }
        let fault = Fault::OtherType { expected: expected.to_owned(), found: found.to_owned() };
        Err(Error::Corrupt { place: stored.place(), fault })
    }

    /// The path, or the name that the bytes were given.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// Length in bytes, as it was when the file was opened.
    pub fn size(&self) -> u64 {
        self.source.len
    }

    /// The byte order of the file.
    pub fn byte_order(&self) -> ByteOrder {
        self.order
    }

    /// The checks that are made; unpacking takes them too.
    pub fn checks(&self) -> &Checks {
        &self.checks
    }

    /// The types that the file can have extents of.
    pub fn types(&self) -> &TypeLibrary {
        &self.library
    }

    /// All extents in the order of the file, type library and index included.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The tail, if the file was opened by its index or was found to end in one.
    pub fn tail(&self) -> Option<&Tail> {
        self.tail.as_ref()
    }

    /// Goes through the extents from the beginning, without the index.
    pub fn walk(&self) -> Walker<'_> {
        Walker::new(self)
    }

    /// Reads an extent.
    ///
    /// # Errors
    /// It is truncated or damaged, or of another type than the index says.
    pub fn read(&self, entry: &Entry) -> Result<StoredExtent, Error> {
        self.read_with(entry, Vec::new())
    }

    /// Like [`read`](File::read), into a buffer that was used before: see
    /// [`StoredExtent::into_bytes`].
    ///
    /// # Errors
    /// As [`read`](File::read).
    pub fn read_with(&self, entry: &Entry, buffer: Vec<u8>) -> Result<StoredExtent, Error> {
        let stored = self.read_at(entry.offset, buffer)?;
        self.expect_type(&stored, entry.extent_type.name())?;
        Ok(stored)
    }

    /// Reads only the prefix of an extent: its sizes and number of records.
    ///
    /// # Errors
    /// There is no complete prefix, or it is impossible.
    pub fn read_prefix(&self, entry: &Entry) -> Result<Prefix, Error> {
        self.prefix_at(entry.offset)
    }

    /// Reads the type library as it is stored.
    pub(crate) fn library(&self) -> Result<StoredExtent, Error> {
        self.read_at(HEADER_SIZE as u64, Vec::new())
    }

    pub(crate) fn place(&self, offset: u64) -> Place {
        self.source.place(offset)
    }

    /// Where the first extent after the type library begins.
    pub(crate) fn data_start(&self) -> u64 {
        self.data_start
    }

    /// The 28 bytes at `offset`, which are a prefix or the tail.
    pub(crate) fn prefix_bytes_at(&self, offset: u64) -> Result<[u8; PREFIX_SIZE], Error> {
        let mut bytes = [0; PREFIX_SIZE];
        self.source.read(offset, &mut bytes)?;
        Ok(bytes)
    }

    fn prefix_at(&self, offset: u64) -> Result<Prefix, Error> {
        self.parse_prefix(offset, &self.prefix_bytes_at(offset)?)
    }

    /// Takes the prefix at `offset` apart and makes sure that the file has the whole extent.
    pub(crate) fn parse_prefix(
        &self,
        offset: u64,
        bytes: &[u8; PREFIX_SIZE],
    ) -> Result<Prefix, Error> {
        let place = self.place(offset);
        let prefix = match Prefix::parse(bytes, self.order) {
            Ok(prefix) => prefix,
            Err(fault) => return Err(Error::Corrupt { place, fault }),
        };
        let (needed, available) = (prefix.stored_len() as u64, self.source.len - offset);
        match needed <= available {
            true => Ok(prefix),
            false => Err(Error::Truncated { place, needed, available }),
        }
    }

    /// Reads the type name behind a prefix and finds the type.
    pub(crate) fn entry_at(&self, offset: u64, prefix: &Prefix) -> Result<Entry, Error> {
        let mut name = [0; u8::MAX as usize];
        let name = &mut name[..prefix.name_len as usize];
        self.source.read(offset + PREFIX_SIZE as u64, name)?;
        let extent_type = self.find_type(offset, name)?;
        Ok(Entry { offset, extent_type: Arc::clone(extent_type) })
    }

    fn find_type(&self, offset: u64, name: &[u8]) -> Result<&Arc<ExtentType>, Error> {
        std::str::from_utf8(name).ok().and_then(|name| self.library.get(name)).ok_or_else(|| {
            let name = String::from_utf8_lossy(name).into_owned();
            Error::UnknownType { place: self.place(offset), name }
        })
    }

    /// Reads the extent at `offset` and checks its stored bytes.
    pub(crate) fn read_at(&self, offset: u64, buffer: Vec<u8>) -> Result<StoredExtent, Error> {
        let prefix_bytes = self.prefix_bytes_at(offset)?;
        let prefix = self.parse_prefix(offset, &prefix_bytes)?;
        self.read_body(offset, prefix_bytes, prefix, buffer)
    }

    /// Reads what follows a prefix.
    pub(crate) fn read_body(
        &self,
        offset: u64,
        prefix_bytes: [u8; PREFIX_SIZE],
        prefix: Prefix,
        mut buffer: Vec<u8>,
    ) -> Result<StoredExtent, Error> {
        set_len(&mut buffer, prefix.stored_len());
        buffer[..PREFIX_SIZE].copy_from_slice(&prefix_bytes);
        self.source.read(offset + PREFIX_SIZE as u64, &mut buffer[PREFIX_SIZE..])?;
        if self.checks.adler {
            stored::check_adler(&buffer, &prefix, || self.place(offset))?;
        }
        let ty = self.find_type(offset, stored::type_name(&buffer, &prefix))?;
        Ok(StoredExtent::new(buffer, prefix, self.order, Arc::clone(ty), self.place(offset)))
    }
}
