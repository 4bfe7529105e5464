//! What the tasks of a trace have: descriptors that are open on names, and a working directory.

use std::collections::HashMap;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use replay_schema::Call;

use super::paths::plain;
use super::seen::{Seen, Shares};

/// A plain path.
pub type Name = Arc<[u8]>;

/// The numbers of what a task has, and may share.
#[derive(Clone, Copy, Debug, Default)]
struct Task {
    table: usize,
    directory: usize,
}

/// What tasks have, by their numbers. One that nobody created has what the first process has.
#[derive(Debug)]
pub struct Places {
    tasks: HashMap<u32, Task>,
    /// What each descriptor of a table is open on, where that has a name.
    tables: Vec<HashMap<i32, Name>>,
    /// Working directories; none where it isn't known, or not any more.
    directories: Vec<Option<Name>>,
}

impl Places {
    /// The first process is in `directory`, with descriptors open on these names.
    pub fn new<'a>(
        directory: Option<&Path>,
        open: impl IntoIterator<Item = (i32, &'a Path)>,
    ) -> Self {
        let name = |path: &Path| Name::from(plain(b"", path.as_os_str().as_bytes()));
        let table = open.into_iter().map(|(traced, path)| (traced, name(path))).collect();
        Self { tasks: HashMap::new(), tables: vec![table], directories: vec![directory.map(name)] }
    }

    /// The first process is in `directory`, if it isn't known where else.
    pub fn or_in(mut self, directory: &[u8]) -> Self {
        self.directories[0].get_or_insert_with(|| plain(b"", directory).into());
        self
    }

    fn task(&self, task: u32) -> Task {
        self.tasks.get(&task).copied().unwrap_or_default()
    }

    /// The name that descriptor `traced` of `task` is open on.
    pub fn open_on(&self, task: u32, traced: i32) -> Option<&Name> {
        self.tables[self.task(task).table].get(&traced)
    }

    /// The working directory of `task`.
    pub fn directory(&self, task: u32) -> Option<&Name> {
        self.directories[self.task(task).directory].as_ref()
    }

    /// It isn't known any more where the working directory of `task` is.
    pub fn lose_directory(&mut self, task: u32) {
        let Task { directory, .. } = self.task(task);
        self.directories[directory] = None;
    }

    /// Where `path` leads that `task` looks up from descriptor `from`, if it is given one.
    pub fn find(&self, task: u32, (from, path): &(Option<i32>, Vec<u8>)) -> Option<Name> {
        let base = match from {
            _ if path.first() == Some(&b'/') => return Some(plain(b"", path).into()),
            Some(traced) if *traced != libc::AT_FDCWD => self.open_on(task, *traced),
            _ => self.directory(task),
        };
        base.map(|base| plain(base, path).into())
    }

    /// A call of `task` succeeded that said `seen`: descriptors go and come, `returned` among them, and the
    /// working directory changes. `on` is what the call was on, if anything, and its name, if that is known.
    pub fn follow(
        &mut self,
        task: u32,
        call: &Call,
        seen: &Seen,
        returned: Option<i32>,
        on: Option<Option<Name>>,
    ) {
        let Task { table, directory } = self.task(task);
        let table = &mut self.tables[table];
        for traced in seen.closed.iter().chain(&seen.made) {
            table.remove(traced);
        }
        match (returned, on) {
            (Some(traced), Some(Some(name))) => drop(table.insert(traced, name)),
            (Some(traced), _) => drop(table.remove(&traced)),
            (None, Some(name)) if call.changes_fs && !call.is_simulated() => {
                self.directories[directory] = name;
            }
            (None, _) => {}
        }
    }

    /// Task `child` comes up, with copies of what it doesn't share with `parent`.
    pub fn create(&mut self, child: u32, parent: u32, shares: Shares) {
        let mut task = self.task(parent);
        if !shares.files {
            self.tables.push(self.tables[task.table].clone());
            task.table = self.tables.len() - 1;
        }
        if !shares.fs {
            self.directories.push(self.directories[task.directory].clone());
            task.directory = self.directories.len() - 1;
        }
        self.tasks.insert(child, task);
    }
}
