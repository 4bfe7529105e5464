//! What is in a folder.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A file of any type, as a replay is to leave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Type: a letter as ls(1) has it.
    pub kind: char,
    /// Permission bits.
    pub mode: u32,
    /// Owner and group.
    pub owner: (u32, u32),
    /// Number of names.
    pub links: u64,
    /// Size in bytes, of files.
    pub size: u64,
    /// Bytes of a file, target of a link.
    pub content: Vec<u8>,
    /// Extended attributes, by name.
    pub attributes: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Blocks of 512 bytes that it takes up, of files. They aren't compared: file systems differ.
    pub blocks: u64,
    /// Time of the last change to the content, in nanoseconds. It isn't compared: most are the moment's.
    pub modified: i128,
}

/// What is in a folder, by path below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree(pub BTreeMap<PathBuf, Entry>);

impl Tree {
    /// The tree below `folder`.
    ///
    /// # Panics
    /// If it can't be read.
    pub fn of(folder: &Path) -> Self {
        let mut tree = Self::default();
        tree.add(folder, Path::new(""));
        tree
    }

    fn add(&mut self, folder: &Path, below: &Path) {
        for entry in fs::read_dir(folder.join(below)).expect("the folder can be read") {
            let below = below.join(entry.expect("the folder can be read").file_name());
            let path = folder.join(&below);
            let metadata = path.symlink_metadata().expect("the file is there");
            let kind = metadata.file_type();
            let (letter, content) = if kind.is_symlink() {
                let target = fs::read_link(&path).expect("the link can be read");
                ('l', target.into_os_string().into_encoded_bytes())
            } else if kind.is_dir() {
                self.add(folder, &below);
                ('d', Vec::new())
            } else if kind.is_file() {
                ('-', fs::read(&path).expect("the file can be read"))
            } else {
                let letter = match kind {
                    _ if kind.is_fifo() => 'p',
                    _ if kind.is_socket() => 's',
                    _ => '?',
                };
                (letter, Vec::new())
            };
            let entry = Entry {
                kind: letter,
                mode: metadata.mode() & 0o7777,
                owner: (metadata.uid(), metadata.gid()),
                links: if kind.is_dir() { 0 } else { metadata.nlink() },
                size: if kind.is_file() { metadata.len() } else { 0 },
                content,
                attributes: attributes(&path),
                blocks: if kind.is_file() { metadata.blocks() } else { 0 },
                modified: i128::from(metadata.mtime()) * 1_000_000_000
                    + i128::from(metadata.mtime_nsec()),
            };
            self.0.insert(below, entry);
        }
    }

    /// The entry of `path`.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn entry(&self, path: &str) -> &Entry {
        self.0.get(Path::new(path)).unwrap_or_else(|| panic!("{path} isn't there"))
    }

    /// Whether `path` is there.
    pub fn has(&self, path: &str) -> bool {
        self.0.contains_key(Path::new(path))
    }

    /// What differs from `other`, a line each; times don't count.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        for (path, entry) in &self.0 {
            let Some(others) = other.0.get(path) else {
                differences.push(format!("{} is missing", path.display()));
                continue;
            };
            let timeless = |entry: &Entry| Entry { modified: 0, blocks: 0, ..entry.clone() };
            if timeless(entry) != timeless(others) {
                let brief = |entry: &Entry| {
                    let Entry { kind, mode, owner, links, size, .. } = entry;
                    format!("{kind} {mode:o} {owner:?} {links} {size}")
                };
                let (here, there) = (brief(entry), brief(others));
                differences.push(match here == there {
                    true if entry.content == others.content => {
                        format!("{} has other attributes", path.display())
                    }
                    true => format!("{} has another content", path.display()),
                    false => format!("{} is {there}, not {here}", path.display()),
                });
            }
        }
        let more = other.0.keys().filter(|path| !self.0.contains_key(*path));
        differences.extend(more.map(|path| format!("{} is there too", path.display())));
        differences
    }
}

/// The extended attributes of the file at `path` itself.
fn attributes(path: &Path) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let path = CString::new(path.as_os_str().as_encoded_bytes()).expect("paths have no NUL");
    let mut names = vec![0u8; 64 << 10];
    // SAFETY: the path ends in NUL, and the kernel writes at most as many bytes as it is told of.
    let size = unsafe { libc::llistxattr(path.as_ptr(), names.as_mut_ptr().cast(), names.len()) };
    names.truncate(usize::try_from(size).unwrap_or(0));
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names
        .map(|name| {
            let key = CString::new(name).expect("a name ends at its NUL");
            let mut value = vec![0u8; 64 << 10];
            // SAFETY: as above.
            let size = unsafe {
                let room = value.as_mut_ptr().cast();
                libc::lgetxattr(path.as_ptr(), key.as_ptr(), room, value.len())
            };
            value.truncate(usize::try_from(size).unwrap_or(0));
            (name.to_vec(), value)
        })
        .collect()
}
