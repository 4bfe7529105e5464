//! What a file is: metadata, where a link leads, extended attributes.

use std::ffi::{CString, OsStr};
use std::fs::{self, Metadata};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;

/// A file as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileEvent {
    /// Its path, from the root of the file system.
    pub path: Vec<u8>,
    /// Order id of the call that came upon it.
    pub first_id: i64,
    /// Type and permissions.
    pub mode: u32,
    /// Owner.
    pub owner: u32,
    /// Group.
    pub group: u32,
    /// Bytes.
    pub size: u64,
    /// The device that it is on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// How many names it has.
    pub links: u64,
    /// Which device it is, if it is one.
    pub represented_device: u64,
    /// When it was last read, in nanoseconds since the epoch.
    pub access_time: i64,
    /// When it was last written.
    pub modification_time: i64,
    /// Bytes that it takes up.
    pub allocated: u64,
    /// Where a symbolic link leads.
    pub target: Option<Vec<u8>>,
    /// Extended attributes: names and values.
    pub attributes: Vec<(Vec<u8>, Vec<u8>)>,
    /// Key of its content, if that is stored.
    pub content: Option<[u8; 32]>,
    /// Why something isn't.
    pub note: Option<&'static str>,
}

impl FileEvent {
    fn is(&self, kind: u32) -> bool {
        self.mode & libc::S_IFMT == kind
    }

    /// Whether it is a regular file.
    pub fn is_regular(&self) -> bool {
        self.is(libc::S_IFREG)
    }

    /// Whether it is a directory.
    pub fn is_directory(&self) -> bool {
        self.is(libc::S_IFDIR)
    }
}

/// The file at `path`, if there is one.
pub fn read(path: &[u8]) -> Option<FileEvent> {
    let metadata = fs::symlink_metadata(OsStr::from_bytes(path)).ok()?;
    let target = match metadata.is_symlink() {
        true => fs::read_link(OsStr::from_bytes(path)).ok(),
        false => None,
    };
    let mut file = of(&metadata);
    file.target = target.map(|target| target.into_os_string().into_vec());
    file.attributes = attributes(path);
    Some(file)
}

fn of(metadata: &Metadata) -> FileEvent {
    let time = |seconds: i64, nanoseconds: i64| {
        seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
    };
    FileEvent {
        mode: metadata.mode(),
        owner: metadata.uid(),
        group: metadata.gid(),
        size: metadata.size(),
        device: metadata.dev(),
        inode: metadata.ino(),
        links: metadata.nlink(),
        represented_device: metadata.rdev(),
        access_time: time(metadata.atime(), metadata.atime_nsec()),
        modification_time: time(metadata.mtime(), metadata.mtime_nsec()),
        allocated: metadata.blocks().saturating_mul(512),
        ..FileEvent::default()
    }
}

/// The extended attributes of the file at `path` itself; none where it can't have any.
fn attributes(path: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let Ok(path) = CString::new(path) else { return Vec::new() };
    // SAFETY: the path ends in NUL, and the kernel writes at most the bytes that it is told of.
    let names = filled(|buffer, size| unsafe { libc::llistxattr(path.as_ptr(), buffer, size) });
    let names = names.unwrap_or_default();
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let pairs = names.filter_map(|name| {
        let key = CString::new(name).ok()?;
        let value = filled(|buffer, size| {
            // SAFETY: as above.
            unsafe { libc::lgetxattr(path.as_ptr(), key.as_ptr(), buffer.cast(), size) }
        });
        Some((name.to_vec(), value?))
    });
    pairs.collect()
}

/// What `call` fills a buffer with, which it is given twice: first to tell the size.
fn filled(call: impl Fn(*mut libc::c_char, usize) -> isize) -> Option<Vec<u8>> {
    let size = usize::try_from(call(std::ptr::null_mut(), 0)).ok()?;
    if size == 0 {
        return Some(Vec::new());
    }
    let mut bytes = vec![0; size];
    let size = usize::try_from(call(bytes.as_mut_ptr().cast(), size)).ok()?;
    bytes.truncate(size);
    Some(bytes)
}
