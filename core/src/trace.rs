//! From the extents of a trace's files to records in their order.
//!
//! Each record type of each file is a stream of records ([`stream`]); [`merge`] takes from
//! them whatever has the lowest order id. What the trace says of itself is read before ([`added`]).

mod added;
mod merge;
mod stream;
mod types;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dataseries::{Checks, End, File, Parts};

pub(crate) use added::Columns;
pub use added::{Initial, InitialDescriptor, Story};
pub(crate) use merge::REACH;
pub use merge::{Faults, Merge};
pub use types::RecordType;

use crate::registry::{Registry, RegistryError};

/// Files with up to this many bytes of rows and values are checked whole before the first call is made
/// again.
const CHECKED_WHOLE: u64 = 64 << 20;

/// Why a trace can't be replayed, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file can't be read as it should be.
    #[error("{}{}", .0, hint(.0))]
    File(#[from] dataseries::Error),
    /// The file has no good end.
    #[error("{0}; if its recorder was killed, --recover replays what is whole")]
    Unfinished(dataseries::Error),
    /// A folder, a device.
    #[error("{}: not a regular file", .0.display())]
    NotAFile(PathBuf),
    /// No calls in it.
    #[error("{}: it holds no records of system calls{}", file.display(), held(holds))]
    NoCalls {
        /// The file.
        file: PathBuf,
        /// The types of its extents.
        holds: Vec<String>,
    },
    /// Another major version of the record type.
    #[error("{file}: record type {name} has version {version}, and only 1.x is understood")]
    Version {
        /// The file.
        file: String,
        /// The extent type.
        name: String,
        /// Its version.
        version: String,
    },
    /// A record type lacks a column that nothing goes without.
    #[error("{file}: record type {name} has no {kind} column {column}")]
    Column {
        /// The file.
        file: String,
        /// The extent type.
        name: String,
        /// The column.
        column: &'static str,
        /// Its type.
        kind: &'static str,
    },
    /// The plugins.
    #[error(transparent)]
    Plugins(#[from] RegistryError),
}

/// What to do about a file that can't be read as it should be.
fn hint(error: &dataseries::Error) -> &'static str {
    if error.is_damage() { "; --recover replays what is whole" } else { "" }
}

/// What is in a file that has no calls.
fn held(types: &[String]) -> String {
    match types {
        [] => String::new(),
        [first, rest @ ..] => {
            let more = if rest.is_empty() { "" } else { " and others" };
            format!(", but rows of {first}{more}; `dstool cat` shows them")
        }
    }
}

/// What is read of the records.
#[derive(Clone, Copy, Debug, Default)]
pub struct Needs {
    /// All values, also those that only a comparison looks at.
    pub all_values: bool,
    /// Digests of the values that are compared, of which all are read then.
    pub verify: bool,
    /// What is whole of files that aren't.
    pub recover: bool,
    /// What came from the network: sockets of the replay are real, and somebody has to send it.
    pub network: bool,
}

/// A trace, open for replay.
pub struct Trace {
    /// Its record types, file by file.
    pub types: Vec<RecordType>,
    /// What it says of itself.
    pub story: Story,
    /// What people should know of it before it is replayed.
    pub notes: Vec<String>,
    files: Vec<Arc<File>>,
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("types", &self.types.len()).finish_non_exhaustive()
    }
}

impl Trace {
    /// Opens the files at `paths`, which together are one trace, and the plugins of their calls.
    ///
    /// # Errors
    /// A file or plugin that can't be used, and why.
    pub fn open(paths: &[PathBuf], registry: &Registry, needs: Needs) -> Result<Self, TraceError> {
        let mut trace = Self {
            types: Vec::new(),
            story: Story::default(),
            notes: Vec::new(),
            files: Vec::new(),
        };
        for path in paths {
            let file = Arc::new(open(path, needs, &mut trace.notes)?);
            if !needs.recover && is_small(&file)? {
                check_whole(&file)?;
            }
            trace.story.read(&file)?;
            let before = trace.types.len();
            for ty in file.types().iter() {
                let entries = file.entries().iter();
                let entries: Vec<_> =
                    entries.filter(|entry| Arc::ptr_eq(&entry.extent_type, ty)).cloned().collect();
                if entries.is_empty() || ty.is_reserved() {
                    continue;
                }
                match RecordType::new(&file, ty, entries, registry, needs)? {
                    Some(record_type) => {
                        trace.notes.extend(record_type.warnings.iter().cloned());
                        trace.types.push(record_type);
                    }
                    None if added::is_known(ty.name()) => {}
                    None => trace.notes.push(format!(
                        "{}: extents of type {} hold no system calls and are passed over",
                        file.name(),
                        ty.name()
                    )),
                }
            }
            if trace.types.len() == before {
                let data = file.entries().iter().filter(|entry| entry.is_data());
                let names = data.map(|entry| entry.extent_type.name().to_owned());
                let mut holds: Vec<_> = names.filter(|name| !added::is_known(name)).collect();
                holds.dedup();
                return Err(TraceError::NoCalls { file: path.clone(), holds });
            }
            trace.files.push(file);
        }
        trace.story.finish();
        Ok(trace)
    }

    /// The records in their order.
    pub fn merge(&self) -> Merge {
        Merge::new(self)
    }

    /// Its files.
    pub fn files(&self) -> &[Arc<File>] {
        &self.files
    }

    /// The types that its files describe.
    pub fn extent_types(&self) -> impl Iterator<Item = &Arc<dataseries::ExtentType>> {
        self.files.iter().flat_map(|file| file.types().iter())
    }

    /// Rows of all calls, as far as that can be told without unpacking them.
    pub fn rows(&self) -> u64 {
        let entries =
            self.types.iter().flat_map(|ty| ty.entries.iter().map(|entry| (&ty.file, entry)));
        let rows = entries.filter_map(|(file, entry)| file.read_prefix(entry).ok());
        rows.map(|prefix| u64::from(prefix.records)).sum()
    }

    /// Bytes of its files.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size()).sum()
    }
}

pub(crate) fn open(path: &Path, needs: Needs, notes: &mut Vec<String>) -> Result<File, TraceError> {
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return Err(TraceError::NotAFile(path.to_owned()));
    }
    // The checksum of the unpacked bytes is looked at where a file is checked whole.
    let checks = Checks { bjhash: false, ..Checks::ALL };
    if !needs.recover {
        return File::open(path, checks).map_err(|error| match error {
            dataseries::Error::BadTail { .. } | dataseries::Error::BadIndex { .. } => {
                TraceError::Unfinished(error)
            }
            other => TraceError::File(other),
        });
    }
    let (mut file, end) = File::scan(path, checks)?;
    if let End::Damaged(error) = end {
        notes.push(format!("the trace is not whole: {error}; what comes before is replayed"));
    }
    for (entry, error) in file.leave_out_damaged(&Checks::ALL) {
        let rows = file.read_prefix(&entry).map_or(0, |prefix| prefix.records);
        let name = entry.extent_type.name();
        notes.push(format!("the trace is not whole: {error}; {rows} rows of {name} are lost"));
    }
    Ok(file)
}

/// Whether the file has few enough bytes to look at all of them beforehand.
fn is_small(file: &File) -> Result<bool, TraceError> {
    let mut left = CHECKED_WHOLE.checked_sub(file.size());
    for entry in file.entries() {
        let Some(here) = left else { return Ok(false) };
        let prefix = file.read_prefix(entry)?;
        let unpacked = entry.extent_type.record_size() as u64 * u64::from(prefix.records)
            + u64::from(prefix.variable_size);
        left = here.checked_sub(unpacked);
    }
    Ok(left.is_some())
}

/// Unpacks every extent once, so that damage is found before anything is touched.
fn check_whole(file: &File) -> Result<(), TraceError> {
    for entry in file.entries() {
        file.read(entry)?.unpack(Parts::All, &Checks::ALL)?;
    }
    Ok(())
}
