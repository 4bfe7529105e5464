//! Writing a file (FORMAT.md §18).

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use crate::checksum;
use crate::compress::Compression;
use crate::error::Error;
use crate::error::Place;
use crate::extent_type::Declared;
use crate::extent_type::ExtentType;
use crate::extent_type::TypeError;
use crate::extent_type::is_reserved;
use crate::header;
use crate::header::ByteOrder;
use crate::index;
use crate::index::Entry;
use crate::library::TypeLibrary;
use crate::library::pack;
use crate::stored::StoredExtent;
use crate::tail::Tail;

/// How a file is written.
#[derive(Debug, Clone, Default)]
pub struct WriterOptions {
    /// How type library and index are compressed. Extents come compressed.
    pub compression: Compression,
    /// The byte order of the file; every extent must have it.
    pub byte_order: ByteOrder,
}

/// Writes a file, extent by extent, in the order in which they come.
///
/// Header and type library are written at once, and every extent in one piece. So a writer that
/// is dropped or killed leaves a file from which [`File::scan`](crate::File::scan) reads all
/// extents up to then; [`finish`](Writer::finish) adds index and tail.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    name: Arc<str>,
    options: WriterOptions,
    /// Descriptions of types, by name.
    library: BTreeMap<Arc<str>, Arc<str>>,
    entries: Vec<Entry>,
    /// Where the next extent goes.
    offset: u64,
    chain: u32,
    /// Whether a piece of an extent may have been written, so that nothing can follow.
    broken: bool,
}

impl Writer<fs::File> {
    /// Creates a file, or empties the one that is there.
    ///
    /// # Errors
    /// The file cannot be created or written, or the types do not go together.
    pub fn create(
        path: impl AsRef<Path>,
        types: &[Arc<ExtentType>],
        options: WriterOptions,
    ) -> Result<Writer<fs::File>, Error> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let out = fs::File::create(path).map_err(|source| Error::Io {
            place: Place::new(&Arc::from(name.as_str()), 0),
            source,
        })?;
        Writer::new(out, &name, types, options)
    }
}

impl<W: Write> Writer<W> {
    /// Writes to anything; errors call it `name`. The types are all that extents can have.
    ///
    /// # Errors
    /// It cannot be written, two different types have one name, or a name is reserved.
    pub fn new(
        out: W,
        name: &str,
        types: &[Arc<ExtentType>],
        options: WriterOptions,
    ) -> Result<Writer<W>, Error> {
        let types: Vec<_> = types.iter().map(|ty| Declared::from(&**ty)).collect();
        Writer::declaring(out, name, &types, options)
    }

    /// Like [`new`](Writer::new), with types that need not be taken apart.
    ///
    /// # Errors
    /// As [`new`](Writer::new).
    pub fn declaring(
        out: W,
        name: &str,
        types: &[Declared],
        options: WriterOptions,
    ) -> Result<Writer<W>, Error> {
        let mut writer = Writer::unbegun(out, name, options);
        for ty in types {
            writer.declare(ty).map_err(|fault| Error::BadType {
                place: writer.place(),
                source: Box::new(fault),
            })?;
        }
        let mut library = pack(writer.library.values().map(|text| &**text))?;
        let stored = library.compress_in(writer.options.byte_order, &writer.options.compression)?;
        writer.begin(&stored)?;
        Ok(writer)
    }

    /// Begins a file with the type library that another file has, as it is stored there. It must
    /// have the order and the types that ours would have.
    pub(crate) fn with_library(
        out: W,
        name: &str,
        types: &TypeLibrary,
        library: &StoredExtent,
        options: WriterOptions,
    ) -> Result<Writer<W>, Error> {
        let options = WriterOptions { byte_order: library.byte_order(), ..options };
        let mut writer = Writer::unbegun(out, name, options);
        let listed = types.iter().map(|ty| (Arc::clone(ty.shared_name()), Arc::from(ty.text())));
        writer.library = listed.collect();
        writer.begin(library)?;
        Ok(writer)
    }

    fn unbegun(out: W, name: &str, options: WriterOptions) -> Writer<W> {
        Writer {
            out,
            name: Arc::from(name),
            options,
            library: BTreeMap::new(),
            entries: Vec::new(),
            offset: 0,
            chain: 0,
            broken: false,
        }
    }

    /// Adds a type to the library. The same type again changes nothing.
    fn declare(&mut self, ty: &Declared) -> Result<(), TypeError> {
        if is_reserved(ty.name()) {
            return Err(TypeError::Reserved(ty.name().to_string()));
        }
        let listed = self.library.entry(Arc::clone(ty.name()));
        if listed.or_insert_with(|| Arc::clone(ty.text())) != ty.text() {
            return Err(TypeError::Conflict(ty.name().to_string()));
        }
        Ok(())
    }

    fn begin(&mut self, library: &StoredExtent) -> Result<(), Error> {
        let header = header::encode(self.options.byte_order);
        self.put(&[&header, library.bytes()].concat())?;
        self.note(header.len() as u64, library);
        Ok(())
    }

    /// The byte order that every extent must have.
    pub fn byte_order(&self) -> ByteOrder {
        self.options.byte_order
    }

    /// Hands everything so far on to the operating system: whatever kills the writer afterwards
    /// loses nothing of it. A writer to a plain file does so with every extent.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn flush(&mut self) -> Result<(), Error> {
        let flushed = self.out.flush();
        flushed.map_err(|source| Error::Io { place: self.place(), source })
    }

    /// How many bytes are written so far.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The extents that are written so far, the type library included.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What is written to, for example to bring it onto the disk.
    pub fn get_ref(&self) -> &W {
        &self.out
    }

    /// Writes an extent; returns where it is in the file.
    ///
    /// # Errors
    /// Its type is not in the library or is reserved, its byte order is not that of the file, or
    /// it cannot be written. After an error of the last kind, every further call fails.
    pub fn write(&mut self, stored: &StoredExtent) -> Result<u64, Error> {
        let ty = stored.extent_type();
        let listed = self.library.get(ty.name()).is_some_and(|known| **known == *ty.text());
        if !listed || ty.is_reserved() {
            return Err(self.refuse(ty.name(), "its type is not in the type library"));
        }
        if stored.byte_order() != self.options.byte_order {
            return Err(self.refuse(ty.name(), "its byte order is not that of the file"));
        }
        let offset = self.offset;
        self.put(stored.bytes())?;
        self.note(offset, stored);
        Ok(offset)
    }

    /// Writes index and tail; gives back what was written to.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> Result<W, Error> {
        let index_offset = self.offset;
        let extent_type = Arc::clone(ExtentType::index_type());
        self.entries.push(Entry { offset: index_offset, extent_type });
        let mut index = index::pack(&self.entries)?;
        let stored = index.compress_in(self.options.byte_order, &self.options.compression)?;
        self.chain = checksum::chain(self.chain, stored.prefix().adler, stored.prefix().bjhash);
        let index_len = stored.bytes().len() as u32;
        let tail = Tail { index_len, index_offset, chain: self.chain };
        self.put(&[stored.bytes(), &tail.encode(self.options.byte_order)].concat())?;
        self.flush()?;
        Ok(self.out)
    }

    fn place(&self) -> Place {
        Place::new(&self.name, self.offset)
    }

    fn refuse(&self, extent_type: &str, reason: &str) -> Error {
        let (extent_type, reason) = (extent_type.to_owned(), reason.to_owned());
        Error::Unwritable { place: self.place(), extent_type, reason }
    }

    /// Writes in one piece, so that a whole extent is there or nothing of it counts.
    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if self.broken {
            let source = std::io::Error::other("an earlier write failed");
            return Err(Error::Io { place: self.place(), source });
        }
        if let Err(source) = self.out.write_all(bytes) {
            self.broken = true;
            return Err(Error::Io { place: self.place(), source });
        }
        self.offset += bytes.len() as u64;
        Ok(())
    }

    /// Remembers an extent for index and tail.
    fn note(&mut self, offset: u64, stored: &StoredExtent) {
        self.entries.push(Entry { offset, extent_type: Arc::clone(stored.extent_type()) });
        self.chain = checksum::chain(self.chain, stored.prefix().adler, stored.prefix().bjhash);
    }
}
