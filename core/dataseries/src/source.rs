//! Where the bytes of a file come from.

use std::fs;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use crate::error::Error;
use crate::error::Place;

/// Bytes that can be read at any place, by several threads at once.
#[derive(Debug)]
pub(crate) struct Source {
    pub name: Arc<str>,
    /// Length when it was opened; what is appended later is not seen.
    pub len: u64,
    bytes: Bytes,
}

#[derive(Debug)]
enum Bytes {
    File(fs::File),
    Memory(Vec<u8>),
}

impl Source {
    pub fn open(path: &Path) -> Result<Source, Error> {
        let name = Arc::from(path.display().to_string());
        let io = |source| Error::Io { place: Place::new(&name, 0), source };
        // Asked before opening, which for a pipe could wait for ever.
        if !fs::metadata(path).map_err(io)?.is_file() {
            let reason = "it is not a regular file";
            return Err(Error::NotDataSeries { place: Place::new(&name, 0), reason });
        }
        let file = fs::File::open(path).map_err(io)?;
        let len = file.metadata().map_err(io)?.len();
        Ok(Source { name, len, bytes: Bytes::File(file) })
    }

    /// A file that is open already.
    pub fn file(name: &str, file: fs::File) -> Result<Source, Error> {
        let name = Arc::from(name);
        let metadata = file.metadata();
        let len =
            metadata.map_err(|source| Error::Io { place: Place::new(&name, 0), source })?.len();
        Ok(Source { name, len, bytes: Bytes::File(file) })
    }

    pub fn memory(name: &str, bytes: Vec<u8>) -> Source {
        Source { name: Arc::from(name), len: bytes.len() as u64, bytes: Bytes::Memory(bytes) }
    }

    pub fn place(&self, offset: u64) -> Place {
        Place::new(&self.name, offset)
    }

    /// Fills `buffer` from `offset` on.
    pub fn read(&self, offset: u64, buffer: &mut [u8]) -> Result<(), Error> {
        let available = self.len.saturating_sub(offset);
        let needed = buffer.len() as u64;
        let truncated = || Error::Truncated { place: self.place(offset), needed, available };
        if needed > available {
            return Err(truncated());
        }
        match &self.bytes {
            Bytes::Memory(bytes) => {
                buffer.copy_from_slice(&bytes[offset as usize..][..buffer.len()]);
                Ok(())
            }
            Bytes::File(file) => file.read_exact_at(buffer, offset).map_err(|source| {
                // The file was longer when it was opened.
                match source.kind() {
                    io::ErrorKind::UnexpectedEof => truncated(),
                    _ => Error::Io { place: self.place(offset), source },
                }
            }),
        }
    }
}
