//! Reading a file that comes through a pipe: front to back, once (FORMAT.md §17.3).

use std::io;
use std::io::Read;
use std::sync::Arc;

use crate::checks::Checks;
use crate::checksum;
use crate::error::Error;
use crate::error::Fault;
use crate::error::Place;
use crate::extent_type::ExtentType;
use crate::extent_type::XML_TYPE;
use crate::header;
use crate::header::ByteOrder;
use crate::header::HEADER_SIZE;
use crate::library::TypeLibrary;
use crate::prefix::PREFIX_SIZE;
use crate::prefix::Prefix;
use crate::stored;
use crate::stored::StoredExtent;
use crate::tail::TAIL_SIZE;
use crate::tail::Tail;
use crate::walker::End;

/// Reads extents from anything that gives bytes in order, such as a pipe or a socket.
///
/// Memory grows with the bytes that arrive, never with what a prefix claims.
///
/// ```no_run
/// # use dataseries::{Checks, Parts, Stream};
/// let mut stream = Stream::new(std::io::stdin().lock(), "standard input", Checks::ALL)?;
/// while let Some(stored) = stream.next(|ty| !ty.is_reserved())? {
///     println!("{} rows", stored.unpack(Parts::All, &Checks::ALL)?.row_count());
/// }
/// # Ok::<(), dataseries::Error>(())
/// ```
#[derive(Debug)]
pub struct Stream<R> {
    input: R,
    file: Arc<str>,
    order: ByteOrder,
    checks: Checks,
    library: TypeLibrary,
    position: u64,
    chain: u32,
    tail: Option<Tail>,
    buffer: Vec<u8>,
}

impl<R: Read> Stream<R> {
    /// Reads header and type library. Errors call the input `name`.
    ///
    /// # Errors
    /// They are damaged, or the input is no DataSeries file.
    pub fn new(input: R, name: &str, checks: Checks) -> Result<Stream<R>, Error> {
        let mut stream = Stream {
            input,
            file: Arc::from(name),
            order: ByteOrder::Little,
            checks,
            library: TypeLibrary::default(),
            position: 0,
            chain: 0,
            tail: None,
            buffer: Vec::new(),
        };
        let mut bytes = [0; HEADER_SIZE];
        let place = stream.place(0);
        if stream.read_up_to(&mut bytes)? < HEADER_SIZE {
            let reason = "it is shorter than the header";
            return Err(Error::NotDataSeries { place, reason });
        }
        stream.order = header::parse(&bytes, checks.header)
            .map_err(|reason| Error::NotDataSeries { place, reason })?;
        stream.position = HEADER_SIZE as u64;
        let Some(library) = stream.next(|_| true)? else {
            return Err(stream.truncated(stream.position, PREFIX_SIZE as u64, 0));
        };
        if library.extent_type().name() != XML_TYPE {
            let found = library.extent_type().name().to_owned();
            let fault = Fault::OtherType { expected: XML_TYPE.to_owned(), found };
            return Err(Error::Corrupt { place: library.place(), fault });
        }
        stream.library = TypeLibrary::unpack(&library, &checks)?;
        stream.buffer = library.into_bytes();
        Ok(stream)
    }

    /// The name that was given.
    pub fn name(&self) -> &str {
        &self.file
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

    /// How many bytes were read, as far as they belong to whole extents.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The chain value over the extents so far (FORMAT.md §5.4).
    pub fn chain(&self) -> u32 {
        self.chain
    }

    /// How the file ended; asked after [`next`](Stream::next) gave `None`.
    pub fn end(&self) -> End {
        self.tail.map_or(End::Unfinished, End::Tail)
    }

    /// Gives a buffer back, to read another extent into.
    pub fn recycle(&mut self, stored: StoredExtent) {
        self.buffer = stored.into_bytes();
    }

    /// The next extent of a type that is `wanted`; all others are passed over without being kept.
    /// `None` at the end of the input or at its tail.
    ///
    /// # Errors
    /// What comes is neither an extent nor a tail, or is damaged; nothing after it can be read.
    pub fn next(
        &mut self,
        wanted: impl Fn(&ExtentType) -> bool,
    ) -> Result<Option<StoredExtent>, Error> {
        loop {
            let start = self.position;
            let mut bytes = [0; PREFIX_SIZE];
            match self.read_up_to(&mut bytes)? {
                0 => return Ok(None),
                PREFIX_SIZE => {}
                available => {
                    return Err(self.truncated(start, PREFIX_SIZE as u64, available as u64));
                }
            }
            if Tail::starts(&bytes) {
                self.tail = Some(self.read_tail(&bytes)?);
                return Ok(None);
            }
            let prefix = Prefix::parse(&bytes, self.order)
                .map_err(|fault| Error::Corrupt { place: self.place(start), fault })?;
            let ty = self.read_name(&bytes, &prefix)?;
            self.chain = checksum::chain(self.chain, prefix.adler, prefix.bjhash);
            let stored_len = prefix.stored_len() as u64;
            if wanted(&ty) {
                let mut buffer = std::mem::take(&mut self.buffer);
                self.read_rest(start, stored_len, &mut buffer)?;
                if self.checks.adler {
                    stored::check_adler(&buffer, &prefix, || self.place(start))?;
                }
                self.position += stored_len;
                let place = self.place(start);
                return Ok(Some(StoredExtent::new(buffer, prefix, self.order, ty, place)));
            }
            let rest = stored_len - self.buffer.len() as u64;
            let passed = io::copy(&mut self.input.by_ref().take(rest), &mut io::sink());
            let passed = passed.map_err(|source| self.io(source))?;
            if passed < rest {
                return Err(self.truncated(start, stored_len, stored_len - rest + passed));
            }
            self.position += stored_len;
        }
    }

    /// Reads the type name behind a prefix; leaves both in the buffer.
    fn read_name(
        &mut self,
        bytes: &[u8; PREFIX_SIZE],
        prefix: &Prefix,
    ) -> Result<Arc<ExtentType>, Error> {
        let start = self.position;
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.extend_from_slice(bytes);
        self.read_rest(start, (PREFIX_SIZE + prefix.name_len as usize) as u64, &mut buffer)?;
        let name = stored::type_name(&buffer, prefix);
        let found = std::str::from_utf8(name).ok().and_then(|name| self.library.get(name));
        let ty = found.cloned().ok_or_else(|| {
            let name = String::from_utf8_lossy(name).into_owned();
            Error::UnknownType { place: self.place(start), name }
        })?;
        if ty.name() == XML_TYPE && start != HEADER_SIZE as u64 {
            let fault = Fault::SecondLibrary;
            return Err(Error::Corrupt { place: self.place(start), fault });
        }
        self.buffer = buffer;
        Ok(ty)
    }

    /// Reads until `buffer` has `length` bytes of what begins at `start`.
    fn read_rest(&mut self, start: u64, length: u64, buffer: &mut Vec<u8>) -> Result<(), Error> {
        let more = length - buffer.len() as u64;
        let read = self.input.by_ref().take(more).read_to_end(buffer);
        let read = read.map_err(|source| self.io(source))? as u64;
        match read == more {
            true => Ok(()),
            false => Err(self.truncated(start, length, buffer.len() as u64)),
        }
    }

    fn read_tail(&mut self, bytes: &[u8; TAIL_SIZE]) -> Result<Tail, Error> {
        let end = self.position + TAIL_SIZE as u64;
        let tail = Tail::parse(bytes, self.order, end, self.checks.tail);
        let more = self.read_up_to(&mut [0])?;
        tail.and_then(|tail| if more == 0 { Ok(tail) } else { Err("more bytes follow it") })
            .map_err(|reason| Error::BadTail { place: self.place(self.position), reason })
    }

    /// Fills `bytes`, or as much of them as the input still has.
    fn read_up_to(&mut self, bytes: &mut [u8]) -> Result<usize, Error> {
        let mut read = 0;
        while read < bytes.len() {
            match self.input.read(&mut bytes[read..]) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(self.io(source)),
            }
        }
        Ok(read)
    }

    fn place(&self, offset: u64) -> Place {
        Place::new(&self.file, offset)
    }

    fn io(&self, source: io::Error) -> Error {
        Error::Io { place: self.place(self.position), source }
    }

    fn truncated(&self, start: u64, needed: u64, available: u64) -> Error {
        Error::Truncated { place: self.place(start), needed, available }
    }
}
