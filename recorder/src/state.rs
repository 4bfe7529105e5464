//! The state that the first process is in before its first call.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use dataseries::Packed;
use nix::unistd::Pid;
use replay_schema::added::{self, state};

use crate::encode::EXTENT_SIZE;
use crate::sink::{AddedRows, Cell, SinkError};

/// The first process's state.
#[derive(Clone, Debug, Default)]
pub struct InitialState {
    /// Its working directory.
    pub cwd: Option<OsString>,
    /// Its root directory.
    pub root: Option<OsString>,
    /// Its umask.
    pub umask: i32,
    /// Its effective user and group, where the kernel tells.
    pub user: Option<u32>,
    /// Likewise.
    pub group: Option<u32>,
    /// Descriptors that stay open when it runs the program.
    pub descriptors: Vec<OpenDescriptor>,
}

/// A descriptor, and what it is open on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenDescriptor {
    /// Its number.
    pub number: i64,
    /// The file's path, or what the kernel calls it.
    pub target: OsString,
    /// The flags of open(2).
    pub flags: i32,
    /// Where in the file it stands.
    pub offset: i64,
}

impl InitialState {
    /// The state of `process`, as /proc has it; without the descriptors that running a program closes, if it
    /// is about to run one.
    pub fn of(process: i32, runs_a_program: bool) -> Self {
        let link = |name: &str| fs::read_link(format!("/proc/{process}/{name}")).ok();
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
        let umask = status.lines().find_map(|line| line.strip_prefix("Umask:"));
        let umask = umask.and_then(|mask| i32::from_str_radix(mask.trim(), 8).ok());
        let effective = |name: &str| {
            let ids = status.lines().find_map(|line| line.strip_prefix(name))?;
            ids.split_whitespace().nth(1)?.parse().ok()
        };
        let (user, group) = (effective("Uid:"), effective("Gid:"));
        let mut descriptors = Vec::new();
        for entry in fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten() {
            let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                continue;
            };
            let (flags, offset) = flags_and_offset(process, number);
            if let Ok(target) = fs::read_link(entry.path())
                && !(runs_a_program && flags & libc::O_CLOEXEC != 0)
            {
                let target = target.into_os_string();
                descriptors.push(OpenDescriptor { number, target, flags, offset });
            }
        }
        descriptors.sort();
        Self {
            cwd: link("cwd").map(Into::into),
            root: link("root").map(Into::into),
            umask: umask.unwrap_or(0o022),
            user,
            group,
            descriptors,
        }
    }

    /// The rows that say it, for `process`.
    ///
    /// # Errors
    /// Never, as long as the record type is well-formed.
    pub fn rows(&self, process: Pid) -> Result<Option<Packed>, SinkError> {
        let mut rows = AddedRows::new(added::STATE, EXTENT_SIZE)?;
        let task = Cell::Number(process.as_raw().into());
        let mut push = |key: &str, [flags, number, offset]: [Cell<'_>; 3], value: Cell<'_>| {
            rows.push(&[flags, Cell::Bytes(key.as_bytes()), number, offset, task, value]);
        };
        fn path(path: &Option<OsString>) -> Cell<'_> {
            path.as_ref().map_or(Cell::Null, |path| Cell::Bytes(path.as_bytes()))
        }
        push(state::CWD, [Cell::Null; 3], path(&self.cwd));
        push(state::ROOT, [Cell::Null; 3], path(&self.root));
        let umask = [Cell::Null, Cell::Number(self.umask.into()), Cell::Null];
        push(state::UMASK, umask, Cell::Null);
        for (key, id) in [(state::USER, self.user), (state::GROUP, self.group)] {
            if let Some(id) = id {
                push(key, [Cell::Null, Cell::Number(id.into()), Cell::Null], Cell::Null);
            }
        }
        for OpenDescriptor { number, target, flags, offset } in &self.descriptors {
            let numbers = [i64::from(*flags), *number, *offset].map(Cell::Number);
            push(state::DESCRIPTOR, numbers, Cell::Bytes(target.as_bytes()));
        }
        Ok(rows.take())
    }
}

/// Flags and offset of descriptor `number` of `process` (proc_pid_fdinfo(5)).
fn flags_and_offset(process: i32, number: i64) -> (i32, i64) {
    let info = fs::read_to_string(format!("/proc/{process}/fdinfo/{number}")).unwrap_or_default();
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let flags = field("flags:").and_then(|flags| i32::from_str_radix(flags, 8).ok());
    let offset = field("pos:").and_then(|offset| offset.parse().ok());
    (flags.unwrap_or(0), offset.unwrap_or(0))
}
