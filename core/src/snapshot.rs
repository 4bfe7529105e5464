//! The initial state of the files that a program came upon, where its recorder stored it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use dataseries::{Checks, File, Parts};
use replay_schema::added::{self, Added};

use crate::trace::{self, Columns, Needs, TraceError};

/// An extended attribute: its name and value.
type Attribute = (Vec<u8>, Vec<u8>);

/// A file as it was before the program came upon it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileState {
    /// Type and permissions, as in `st_mode`.
    pub mode: u32,
    /// Owner.
    pub owner: u32,
    /// Group.
    pub group: u32,
    /// Bytes.
    pub size: u64,
    /// Device and inode: names of one file have the same.
    pub identity: (i64, i64),
    /// How many names it had.
    pub links: u64,
    /// When it was last read, in nanoseconds since the epoch.
    pub access_time: i64,
    /// When it was last written.
    pub modification_time: i64,
    /// Where a symbolic link leads.
    pub target: Option<Vec<u8>>,
    /// Key of its content.
    pub content: Option<[u8; 32]>,
    /// Extended attributes: names and values.
    pub attributes: Vec<(Vec<u8>, Vec<u8>)>,
}

impl FileState {
    /// Its type, one of `S_IFMT`.
    pub fn kind(&self) -> u32 {
        self.mode & libc::S_IFMT
    }
}

/// The files of a trace's snapshot.
#[derive(Debug)]
pub struct Snapshot {
    /// The files, by their paths.
    pub files: BTreeMap<Vec<u8>, FileState>,
    /// Rows that make no sense.
    pub malformed: u64,
    /// What people should know of the trace.
    pub notes: Vec<String>,
    sources: Vec<File>,
}

/// A part of a content.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'e> {
    /// Key of the content.
    pub hash: [u8; 32],
    /// Where in the file the bytes stand.
    pub offset: u64,
    /// The bytes.
    pub data: &'e [u8],
}

impl Snapshot {
    /// The snapshot of the trace in the files at `paths`; of one that isn't whole with `recover`.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn open(paths: &[PathBuf], recover: bool) -> Result<Self, TraceError> {
        let needs = Needs { recover, ..Needs::default() };
        let mut snapshot =
            Self { files: BTreeMap::new(), malformed: 0, notes: Vec::new(), sources: Vec::new() };
        for path in paths {
            let file = trace::open(path, needs, &mut snapshot.notes)?;
            snapshot.sources.push(file);
        }
        snapshot.read()?;
        Ok(snapshot)
    }

    /// Bytes of the contents in the trace, as they are unpacked.
    ///
    /// # Errors
    /// A file can't be read.
    pub fn content_size(&self) -> Result<u64, TraceError> {
        let mut size = 0;
        for (file, entry) in of_type(&self.sources, added::CONTENT) {
            size += u64::from(file.read_prefix(entry)?.variable_size);
        }
        Ok(size)
    }

    /// Shows `take` every part of every content, in the order of the trace.
    ///
    /// # Errors
    /// A file can't be read; or what `take` says.
    pub fn contents<E: From<TraceError>>(
        &self,
        mut take: impl FnMut(Chunk<'_>) -> Result<(), E>,
    ) -> Result<u64, E> {
        let mut malformed = 0;
        for (file, entry) in of_type(&self.sources, added::CONTENT) {
            let extent =
                file.read(entry).and_then(|stored| stored.unpack(Parts::All, &Checks::ALL));
            let extent = extent.map_err(TraceError::from)?;
            let columns = Columns(&entry.extent_type);
            for row in extent.rows() {
                let hash = columns.bytes(&row, "hash").and_then(|hash| hash.try_into().ok());
                let offset = columns.number(&row, "offset");
                let offset = offset.and_then(|offset| u64::try_from(offset).ok());
                match (hash, offset, columns.bytes(&row, "data")) {
                    (Some(hash), Some(offset), Some(data)) => take(Chunk { hash, offset, data })?,
                    _ => malformed += 1,
                }
            }
        }
        Ok(malformed)
    }

    fn read(&mut self) -> Result<(), TraceError> {
        let mut attributes: BTreeMap<Vec<u8>, Vec<Attribute>> = BTreeMap::new();
        for (file, entry) in of_type(&self.sources, added::FILE) {
            let extent = file.read(entry)?.unpack(Parts::All, &Checks::ALL)?;
            let columns = Columns(&entry.extent_type);
            for row in extent.rows() {
                let number = |name| columns.number(&row, name);
                let small = |name| number(name).map(|number| number as u32);
                let state = || {
                    Some(FileState {
                        mode: small("mode")?,
                        owner: small("owner")?,
                        group: small("group")?,
                        size: u64::try_from(number("size")?).ok()?,
                        identity: (number("device")?, number("inode")?),
                        links: number("links")? as u64,
                        access_time: number("access_time")?,
                        modification_time: number("modification_time")?,
                        target: columns.bytes(&row, "target").map(<[u8]>::to_vec),
                        content: columns.bytes(&row, "content").and_then(|key| key.try_into().ok()),
                        attributes: Vec::new(),
                    })
                };
                let (Some(path), Some(state)) = (columns.bytes(&row, "path"), state()) else {
                    self.malformed += 1;
                    continue;
                };
                let known = self.files.entry(path.to_vec()).or_insert_with(|| state.clone());
                // Its content may come with another row.
                known.content = known.content.or(state.content);
            }
        }
        for (file, entry) in of_type(&self.sources, added::XATTR) {
            let extent = file.read(entry)?.unpack(Parts::All, &Checks::ALL)?;
            let columns = Columns(&entry.extent_type);
            for row in extent.rows() {
                let bytes = |name| columns.bytes(&row, name).map(<[u8]>::to_vec);
                match (bytes("path"), bytes("name"), bytes("value")) {
                    (Some(path), Some(name), Some(value)) => {
                        attributes.entry(path).or_default().push((name, value));
                    }
                    _ => self.malformed += 1,
                }
            }
        }
        for (path, attributes) in attributes {
            if let Some(file) = self.files.get_mut(&path) {
                file.attributes = attributes;
            }
        }
        Ok(())
    }
}

/// The extents of one type, file by file.
fn of_type(
    sources: &[File],
    added: Added,
) -> impl Iterator<Item = (&File, &dataseries::Entry)> + use<'_> {
    sources.iter().flat_map(move |file| {
        let entries = file.entries().iter();
        let entries = entries.filter(move |entry| entry.extent_type.name() == added.name);
        entries.map(move |entry| (file, entry))
    })
}
