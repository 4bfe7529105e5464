//! What a trace says of itself, in the extents that a recorder adds to those of the calls.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use dataseries::{Checks, Column, ExtentType, FieldKind, File, Parts, Row};
use replay_schema::added::{self, info, state};

use crate::trace::TraceError;

/// Whether `name` is a type whose extents are read here.
pub fn is_known(name: &str) -> bool {
    added::ALL.iter().any(|added| added.name == name)
}

/// Whether extents of type `name` are about files, not about the recording.
fn is_of_snapshot(name: &str) -> bool {
    [added::FILE, added::XATTR, added::CONTENT].iter().any(|added| added.name == name)
}

/// The state of the first process when the recording began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Initial {
    /// Its working directory.
    pub cwd: Option<PathBuf>,
    /// Its umask.
    pub umask: Option<u32>,
    /// Its effective user.
    pub user: Option<u32>,
    /// Its effective group.
    pub group: Option<u32>,
    /// Its open descriptors, where the trace lists them.
    pub descriptors: Vec<InitialDescriptor>,
}

/// A descriptor that was open before the first call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InitialDescriptor {
    /// Its number.
    pub number: i32,
    /// The file's path, or what the kernel calls it.
    pub target: PathBuf,
    /// The flags of open(2), where the trace tells them.
    pub flags: Option<i32>,
    /// Where in the file it stands.
    pub offset: i64,
}

/// What a trace says of itself.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// The state that the first process started with.
    pub initial: Initial,
    /// The recorder, its machine, the command: see [`replay_schema::added::info`].
    pub info: BTreeMap<String, Vec<String>>,
    /// Order ids at which tasks ended, with their kernel ids; ascending.
    pub ends: Vec<(i64, i32)>,
    /// The process that each task belonged to.
    pub processes: HashMap<i32, i32>,
    /// Calls that others overlapped: order ids of return and of entry; ascending.
    pub overlaps: Vec<(i64, i64)>,
    is_told: bool,
}

/// Keys of what a trace lacks, with what stands behind their values.
const LACKING: &[(&str, &str)] = &[
    (info::NOT_RECORDED, ", which no plugin knew"),
    (info::FOREIGN_ABI_CALLS, " calls of 32-bit programs"),
    (info::HIDDEN, ""),
    (info::RECORDS_LOST, " records that were lost"),
    (info::ROWS_NOT_KEPT, " rows that weren't kept"),
    (info::MALFORMED_LINES, " lines of the log that made no sense"),
    (info::NOT_IN_LOG, ""),
    (info::BUFFERS_NOT_CAPTURED, " buffers"),
    (info::VALUES_CUT, " values that were cut or left out, as somebody asked"),
    (info::VALUES_NOT_CAPTURED, " values that the log didn't show"),
];

impl Story {
    /// Adds what `file` says.
    pub(crate) fn read(&mut self, file: &File) -> Result<(), TraceError> {
        for entry in file.entries() {
            let ty = &entry.extent_type;
            if !is_known(ty.name()) || is_of_snapshot(ty.name()) {
                continue;
            }
            self.is_told = true;
            let extent = file.read(entry)?.unpack(Parts::All, &Checks::ALL)?;
            let columns = Columns(ty);
            for row in extent.rows() {
                match ty.name() {
                    name if name == added::INFO.name => self.read_info(&columns, &row),
                    name if name == added::STATE.name => self.read_state(&columns, &row),
                    name if name == added::TASK.name => {
                        let number = |name| columns.number(&row, name);
                        if let (Some(last), Some(task)) = (number("last_id"), number("task")) {
                            self.ends.push((last, task as i32));
                        }
                        if let (Some(task), Some(process)) = (number("task"), number("process")) {
                            self.processes.insert(task as i32, process as i32);
                        }
                    }
                    _ => {
                        if let (Some(called), Some(unique)) =
                            (columns.number(&row, "called_id"), columns.number(&row, "unique_id"))
                        {
                            self.overlaps.push((unique, called));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn finish(&mut self) {
        self.ends.sort_unstable();
        self.overlaps.sort_unstable();
    }

    fn read_info(&mut self, columns: &Columns<'_>, row: &Row<'_>) {
        let text = |name| columns.bytes(row, name).map(|b| String::from_utf8_lossy(b).into_owned());
        if let (Some(key), Some(value)) = (text("key"), text("value")) {
            self.info.entry(key).or_default().push(value);
        }
    }

    fn read_state(&mut self, columns: &Columns<'_>, row: &Row<'_>) {
        let number = columns.number(row, "number");
        match columns.bytes(row, "key") {
            Some(key) if key == state::CWD.as_bytes() => {
                let path =
                    columns.bytes(row, "value").map(|path| OsString::from_vec(path.to_vec()));
                self.initial.cwd = path.map(PathBuf::from);
            }
            Some(key) if key == state::UMASK.as_bytes() => {
                self.initial.umask = number.map(|mask| mask as u32 & 0o777);
            }
            Some(key) if key == state::USER.as_bytes() => {
                self.initial.user = number.and_then(|id| u32::try_from(id).ok());
            }
            Some(key) if key == state::GROUP.as_bytes() => {
                self.initial.group = number.and_then(|id| u32::try_from(id).ok());
            }
            Some(key) if key == state::DESCRIPTOR.as_bytes() => {
                let Some(number) = number.and_then(|fd| i32::try_from(fd).ok()) else { return };
                let target = columns.bytes(row, "value").unwrap_or_default();
                self.initial.descriptors.push(InitialDescriptor {
                    number,
                    target: OsString::from_vec(target.to_vec()).into(),
                    flags: columns.number(row, "flags").map(|flags| flags as i32),
                    offset: columns.number(row, "offset").unwrap_or(0),
                });
            }
            _ => {}
        }
    }

    /// Whether the trace is by the original recorder, or one like it: it says nothing of itself.
    pub fn is_reference(&self) -> bool {
        !self.is_told
    }

    /// What was recorded and isn't in the trace, as its recorder said at the end; in words.
    pub fn lacks(&self) -> Vec<String> {
        let mut lacks = Vec::new();
        for (key, what) in LACKING {
            let values = self.info.get(*key).map(Vec::as_slice).unwrap_or_default();
            let values: Vec<_> = values.iter().filter(|value| *value != "0").cloned().collect();
            if !values.is_empty() {
                lacks.push(format!("{}{what}", values.join(", ")));
            }
        }
        lacks
    }

    /// Whether the recorder said that it finished by itself; none if it says nothing of itself.
    pub fn is_complete(&self) -> Option<bool> {
        self.info.get(info::RECORDER)?;
        Some(self.info.contains_key(info::COMPLETE))
    }
}

/// The columns of an added type, as far as the file has them.
pub(crate) struct Columns<'a>(pub(crate) &'a ExtentType);

impl Columns<'_> {
    fn column(&self, row: &Row<'_>, name: &str, kinds: &[FieldKind]) -> Option<&Column> {
        let column = self.0.column(name)?;
        (kinds.contains(&column.kind) && !row.is_null(column)).then_some(column)
    }

    pub(crate) fn number(&self, row: &Row<'_>, name: &str) -> Option<i64> {
        let column = self.column(row, name, &[FieldKind::Int32, FieldKind::Int64])?;
        Some(match column.kind {
            FieldKind::Int32 => row.int32(column).into(),
            _ => row.int64(column),
        })
    }

    pub(crate) fn bytes<'r>(&self, row: &Row<'r>, name: &str) -> Option<&'r [u8]> {
        Some(row.bytes(self.column(row, name, &[FieldKind::Variable32])?))
    }
}
