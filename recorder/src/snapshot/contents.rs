//! Contents of files: runs of data between holes, each content once.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use sha2::{Digest, Sha256};

use super::ContentEvent;
use super::files::FileEvent;
use crate::event::Event;
use crate::pipeline::Producer;

/// Most bytes of a content in one row.
const CHUNK: u64 = 1 << 20;

/// What is said of a file that is larger than the limit.
const TOO_LARGE: &str = "larger than --snapshot-limit";
const UNREADABLE: &str = "the recorder may not read it";
const FAILED: &str = "it can't be read";
const CHANGED: &str = "another program changed it meanwhile";

/// A content that is in the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its key.
    pub hash: [u8; 32],
    /// Whether it wasn't there before.
    pub is_new: bool,
    /// How many bytes that took.
    pub bytes: u64,
}

/// The contents that are in the trace.
#[derive(Debug)]
pub struct Contents {
    limit: u64,
    /// Files by device and inode: another name of one has the same content.
    files: HashMap<(u64, u64), [u8; 32]>,
    hashes: std::collections::HashSet<[u8; 32]>,
}

impl Contents {
    /// None yet; those of more than `limit` bytes will be refused.
    pub fn new(limit: u64) -> Self {
        Self { limit, files: HashMap::new(), hashes: Default::default() }
    }

    /// Stores the content of `file`, which is at `path`.
    ///
    /// # Errors
    /// Why it can't be, for people.
    pub fn store(
        &mut self,
        path: &[u8],
        file: &FileEvent,
        producer: &mut Producer,
    ) -> Result<Stored, &'static str> {
        let identity = (file.device, file.inode);
        // Of a file with one name the inode may be another file's by now.
        if file.links > 1
            && let Some(hash) = self.files.get(&identity)
        {
            return Ok(Stored { hash: *hash, is_new: false, bytes: 0 });
        }
        if file.size.min(file.allocated) > self.limit {
            return Err(TOO_LARGE);
        }
        let open = open(path).map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied => UNREADABLE,
            _ => FAILED,
        })?;
        let runs = runs(&open, file.size).map_err(|_| FAILED)?;
        let mut chunk = Vec::new();
        let mut hash = Hash::new(&runs, file.size);
        for (offset, length) in &runs {
            read(&open, *offset, *length, &mut chunk)?;
            hash.add(*offset, &chunk);
        }
        let hash = hash.finish();
        self.files.insert(identity, hash);
        if !self.hashes.insert(hash) {
            return Ok(Stored { hash, is_new: false, bytes: 0 });
        }
        let mut bytes = 0;
        let is_one_chunk = runs.len() == 1;
        for (offset, length) in runs {
            if !is_one_chunk {
                read(&open, offset, length, &mut chunk)?;
            }
            let memory = &mut producer.batch().bytes;
            let start = memory.len();
            memory.extend_from_slice(&chunk);
            let range = start..memory.len();
            producer.push(Event::Content(ContentEvent { hash, offset, bytes: range }));
            bytes += length;
        }
        Ok(Stored { hash, is_new: true, bytes })
    }
}

/// The key of a content; see [`replay_schema::added::CONTENT`].
struct Hash {
    hash: Sha256,
    is_sparse: bool,
}

impl Hash {
    fn new(runs: &[(u64, u64)], size: u64) -> Self {
        let mut hash = Sha256::new();
        let is_sparse = runs.iter().map(|(_, length)| length).sum::<u64>() != size;
        if is_sparse {
            hash.update(b"sparse");
            hash.update(size.to_le_bytes());
        }
        Self { hash, is_sparse }
    }

    fn add(&mut self, offset: u64, bytes: &[u8]) {
        if self.is_sparse {
            self.hash.update(offset.to_le_bytes());
        }
        self.hash.update(bytes);
    }

    fn finish(self) -> [u8; 32] {
        self.hash.finalize().into()
    }
}

/// Opens a file without leaving a trace, where that is possible.
fn open(path: &[u8]) -> io::Result<File> {
    let open = |flags| {
        let mut options = File::options();
        options.read(true).custom_flags(flags | libc::O_NOFOLLOW | libc::O_NONBLOCK);
        options.open(OsStr::from_bytes(path))
    };
    // Only an owner may ask for it.
    open(libc::O_NOATIME).or_else(|_| open(0))
}

/// Where `file` of `size` bytes has data: offsets and lengths of at most [`CHUNK`] bytes.
fn runs(file: &File, size: u64) -> io::Result<Vec<(u64, u64)>> {
    let seek = |offset: u64, whence| {
        // SAFETY: the call takes no pointer.
        let found = unsafe { libc::lseek(file.as_raw_fd(), offset as i64, whence) };
        u64::try_from(found).map_err(|_| io::Error::last_os_error())
    };
    let mut runs = Vec::new();
    let mut at = 0;
    while at < size {
        let start = match seek(at, libc::SEEK_DATA) {
            Ok(start) => start,
            Err(error) if error.raw_os_error() == Some(libc::ENXIO) => break,
            // A file system that knows no holes.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => at,
            Err(error) => return Err(error),
        };
        let end = seek(start, libc::SEEK_HOLE).unwrap_or(size).min(size);
        if start >= end {
            break;
        }
        let chunks = (start..end).step_by(CHUNK as usize);
        runs.extend(chunks.map(|offset| (offset, CHUNK.min(end - offset))));
        at = end;
    }
    Ok(runs)
}

fn read(file: &File, offset: u64, length: u64, chunk: &mut Vec<u8>) -> Result<(), &'static str> {
    chunk.resize(length as usize, 0);
    file.read_exact_at(chunk, offset).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => CHANGED,
        _ => FAILED,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_leave_holes_out_and_are_cut_into_chunks() {
        let file = tempfile::tempfile().expect("a scratch file");
        let size = 8 * CHUNK;
        file.set_len(size).expect("it can be long");
        assert_eq!(runs(&file, size).expect("it can be read"), []);
        file.write_all_at(&vec![1; 3 << 19], 4 * CHUNK).expect("it can be written");
        let runs = runs(&file, size).expect("it can be read");
        assert_eq!(runs, [(4 * CHUNK, CHUNK), (5 * CHUNK, CHUNK / 2)]);
    }

    #[test]
    fn the_key_of_a_whole_file_is_its_sha256() {
        let mut hash = Hash::new(&[(0, 2), (2, 1)], 3);
        hash.add(0, b"ab");
        hash.add(2, b"c");
        assert_eq!(hash.finish(), <[u8; 32]>::from(Sha256::digest(b"abc")));
        let mut sparse = Hash::new(&[(0, 3)], 4);
        sparse.add(0, b"abc");
        assert_ne!(sparse.finish(), <[u8; 32]>::from(Sha256::digest(b"abc")));
    }
}
