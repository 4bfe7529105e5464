//! Where the paths of a trace lead, as the program named them: made absolute by the working directories and
//! open directories that the trace tells of. Symbolic links are not followed, and nothing is looked at.

use std::collections::HashMap;

use replay_schema::{Call, Returns, Touch};

use crate::record::{Batch, Record, What};
use crate::replay::order::plain;
use crate::replay::seen::Seen;
use crate::trace::{Initial, RecordType};
use crate::verify;
use std::os::unix::ffi::OsStrExt;

/// Something with a path that a record is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its path, without `.` and `..`; none if it isn't known where it leads.
    pub path: Option<Vec<u8>>,
    /// What the call does to it.
    pub touch: Touch,
}

/// What each descriptor of a table is open on, where that has a path.
type Table = HashMap<i32, Vec<u8>>;

/// The numbers of what a task has, and may share.
#[derive(Clone, Copy, Debug, Default)]
struct Task {
    table: usize,
    directory: usize,
}

/// Follows a trace, record by record.
#[derive(Debug)]
pub struct Whereabouts {
    tasks: HashMap<u32, Task>,
    tables: Vec<Table>,
    /// Working directories; none where it isn't known any more.
    directories: Vec<Option<Vec<u8>>>,
}

impl Whereabouts {
    /// Where the first process of a trace is.
    pub fn new(initial: &Initial) -> Self {
        let cwd = initial.cwd.as_ref().map(|cwd| plain(b"", cwd.as_os_str().as_bytes()));
        let files = initial.descriptors.iter().filter(|open| open.target.is_absolute());
        let files = files.map(|open| (open.number, plain(b"", open.target.as_os_str().as_bytes())));
        Self { tasks: HashMap::new(), tables: vec![files.collect()], directories: vec![cwd] }
    }

    /// The first process starts in `directory`, if the trace doesn't say where.
    pub fn or_in(mut self, directory: &[u8]) -> Self {
        self.directories[0].get_or_insert_with(|| plain(b"", directory));
        self
    }

    /// What `record`, the next one of the trace, is on, if it is a call with a plugin.
    pub fn of(&mut self, types: &[RecordType], batch: &Batch, record: &Record) -> Vec<Named> {
        let What::Call(kind) = record.what else { return Vec::new() };
        let ty = &types[kind as usize];
        let Some(call) = &ty.call else { return Vec::new() };
        let task = *self.tasks.entry(record.task).or_default();
        let seen = Seen::read(ty, call, batch, record);
        let named = self.named(task, &seen);
        if record.succeeded() {
            self.follow(ty, call, batch, record, task, &seen, &named);
        }
        if let Some(child) = record.child {
            self.create(child, task, seen.shares);
        }
        named
    }

    /// Whether it isn't known where relative paths of the record's task lead.
    pub fn is_lost(&self, record: &Record) -> bool {
        self.tasks.get(&record.task).is_some_and(|task| self.directories[task.directory].is_none())
    }

    /// It isn't known any more where relative paths of the record's task lead.
    pub fn lose(&mut self, record: &Record) {
        let task = self.tasks.entry(record.task).or_default();
        self.directories[task.directory] = None;
    }

    /// The paths of a call, or else what its descriptors are open on.
    fn named(&self, task: Task, seen: &Seen) -> Vec<Named> {
        let table = &self.tables[task.table];
        let paths = seen.paths.iter().zip(&seen.touches.0).map(|((directory, path), touch)| {
            let base = match directory {
                _ if path.first() == Some(&b'/') => Some(&[][..]),
                Some(traced) if *traced != libc::AT_FDCWD => table.get(traced).map(Vec::as_slice),
                _ => self.directories[task.directory].as_deref(),
            };
            Named { path: base.map(|base| plain(base, path)), touch: *touch }
        });
        if !seen.paths.is_empty() {
            return paths.collect();
        }
        let used = seen.used.iter().chain(&seen.closed);
        let touches = seen.touches.1.iter().copied().chain(std::iter::repeat(Touch::Looks));
        let used = used.zip(touches).filter_map(|(traced, touch)| {
            Some(Named { path: Some(table.get(traced)?.clone()), touch })
        });
        used.collect()
    }

    #[expect(clippy::too_many_arguments, reason = "all that belongs to one record")]
    fn follow(
        &mut self,
        ty: &RecordType,
        call: &Call,
        batch: &Batch,
        record: &Record,
        task: Task,
        seen: &Seen,
        named: &[Named],
    ) {
        let first = named.first().and_then(|named| named.path.clone());
        let table = &mut self.tables[task.table];
        for traced in seen.closed.iter().chain(&seen.made) {
            table.remove(traced);
        }
        if verify::returns(ty, call, batch, record) == Returns::Descriptor
            && let Ok(traced) = i32::try_from(record.return_value)
        {
            match first {
                Some(path) => drop(table.insert(traced, path)),
                None => drop(table.remove(&traced)),
            }
        } else if call.changes_fs && !call.is_simulated() && !named.is_empty() {
            self.directories[task.directory] = first;
        }
    }

    /// A child of `parent` comes up, which shares what the flags say.
    fn create(&mut self, child: u32, parent: Task, shares: i64) {
        let shares = |flag: i32| shares & i64::from(flag | libc::CLONE_THREAD) != 0;
        let mut task = parent;
        if !shares(libc::CLONE_FILES) {
            self.tables.push(self.tables[parent.table].clone());
            task.table = self.tables.len() - 1;
        }
        if !shares(libc::CLONE_FS) {
            self.directories.push(self.directories[parent.directory].clone());
            task.directory = self.directories.len() - 1;
        }
        self.tasks.insert(child, task);
    }
}
