//! Which files the calls of a trace are on: the paths that they name, and those of their descriptors.
//!
//! Descriptors and working directories are followed from call to call, through processes and threads, by
//! what plugins declare of each call. Links on disk are not looked at, and a descriptor that an execve(2)
//! closed keeps its name until the number is used again.

use std::collections::HashMap;
use std::rc::Rc;

use dataseries::{ExtentType, Row, Value};
use replay_schema::{Returns, Role};

use super::declared::{Declared, integer};
use super::names::Names;
use super::shape::{Calls, number};
use crate::replay::plain;
use crate::trace::Story;

/// A name that a descriptor is open on.
type Name = Rc<[u8]>;

/// What a process has.
#[derive(Clone, Debug, Default)]
struct Task {
    /// Number of its table of descriptors.
    table: usize,
    /// Number of its working directory.
    directory: usize,
}

/// Follows descriptors. It has to be shown every call of the trace, in order.
#[derive(Debug)]
pub struct Follower<'n> {
    names: &'n Names,
    declared: HashMap<String, Option<Rc<Declared>>>,
    tasks: HashMap<i32, Task>,
    tables: Vec<HashMap<i32, Name>>,
    directories: Vec<Name>,
}

/// What a row says.
#[derive(Default)]
struct Seen {
    used: Vec<i32>,
    made: Vec<i32>,
    closed: Vec<i32>,
    paths: Vec<Vec<u8>>,
    shares: i64,
}

impl<'n> Follower<'n> {
    /// Begins with the state that the trace tells of its first process.
    pub fn new(names: &'n Names, story: &Story) -> Self {
        let bytes = |path: &std::path::Path| {
            use std::os::unix::ffi::OsStrExt;
            plain(b"", path.as_os_str().as_bytes()).into()
        };
        let descriptors = &story.initial.descriptors;
        let table = descriptors.iter().map(|one| (one.number, bytes(&one.target))).collect();
        // Without one, relative names stay as they are.
        let directory = story.initial.cwd.as_deref().map_or_else(|| Rc::from(&b""[..]), bytes);
        Self {
            names,
            declared: HashMap::new(),
            tasks: HashMap::new(),
            tables: vec![table],
            directories: vec![directory],
        }
    }

    /// Whether calls of `ty` say anything of files or processes, as far as plugins know.
    pub fn wants(&mut self, ty: &ExtentType) -> bool {
        self.declared(ty).is_some_and(|declared| {
            let returns = declared.call().returns;
            !declared.roles().is_empty() || matches!(returns, Returns::Descriptor | Returns::Child)
        })
    }

    /// The full names of the files that a call names and that its descriptors are open on, as it begins.
    /// What the call does to descriptors is done when this returns.
    pub fn files(&mut self, ty: &ExtentType, calls: &Calls, row: &Row<'_>) -> Vec<Name> {
        let Some(declared) = self.declared(ty) else { return Vec::new() };
        let id = calls.task.as_ref().map_or(0, |column| row.int32(column));
        let task = self.tasks.entry(id).or_default().clone();
        let mut seen = self.seen(&declared, row, &task);
        let mut files: Vec<Name> = seen.paths.drain(..).map(Rc::from).collect();
        let named = files.first().cloned();
        let table = &self.tables[task.table];
        files.extend(seen.used.iter().chain(&seen.closed).filter_map(|fd| table.get(fd).cloned()));
        let value = number(row, calls.return_value.as_ref());
        let errno = number(row, calls.errno_number.as_ref()).unwrap_or(0);
        if let (Some(value), 0, true) = (value, errno, calls.is_main(row)) {
            let name = named.or_else(|| seen.used.first().and_then(|fd| table.get(fd).cloned()));
            self.effects(&declared, row, &task, &seen, name, value);
        }
        files
    }

    fn declared(&mut self, ty: &ExtentType) -> Option<Rc<Declared>> {
        if let Some(known) = self.declared.get(ty.name()) {
            return known.clone();
        }
        let declared = Declared::of(ty, self.names).map(Rc::new);
        self.declared.insert(ty.name().to_owned(), declared.clone());
        declared
    }

    fn seen(&self, declared: &Declared, row: &Row<'_>, task: &Task) -> Seen {
        let mut seen = Seen::default();
        let mut from = None;
        for (column, role) in declared.roles() {
            let descriptor = || integer(row, column).and_then(|fd| i32::try_from(fd).ok());
            match role {
                Role::Descriptor => {
                    from = descriptor();
                    seen.used.extend(from);
                }
                Role::NewDescriptor => seen.made.extend(descriptor()),
                Role::ClosedDescriptor => seen.closed.extend(descriptor()),
                Role::Shares => seen.shares = integer(row, column).unwrap_or(0),
                Role::Path => {
                    if let Value::Bytes(path) = row.get(column) {
                        let from = from.take().and_then(|fd| self.tables[task.table].get(&fd));
                        let from = from.unwrap_or(&self.directories[task.directory]);
                        // An empty path means the descriptor itself, whose name comes with it.
                        if !matches!(path, b"" | b"\0") {
                            seen.paths.push(plain(from, path));
                        }
                    }
                }
                _ => {}
            }
        }
        seen
    }

    /// What a call did that returned `value`; `name` is what it was on.
    fn effects(
        &mut self,
        declared: &Declared,
        row: &Row<'_>,
        task: &Task,
        seen: &Seen,
        name: Option<Name>,
        value: i64,
    ) {
        let table = &mut self.tables[task.table];
        for fd in seen.closed.iter().chain(&seen.made) {
            table.remove(fd);
        }
        if declared.call().changes_fs
            && let Some(name) = &name
        {
            self.directories[task.directory] = name.clone();
        }
        let Ok(value) = i32::try_from(value) else { return };
        match declared.returns(row) {
            Returns::Descriptor => match name {
                Some(name) => drop(table.insert(value, name)),
                None => drop(table.remove(&value)),
            },
            Returns::Child if value > 0 => self.create(value, task, seen.shares),
            _ => {}
        }
    }

    /// Task `child` begins, with copies of what it doesn't share.
    fn create(&mut self, child: i32, parent: &Task, shares: i64) {
        let has = |flag: i32| shares & i64::from(flag) != 0;
        let is_thread = has(libc::CLONE_THREAD);
        let mut task = parent.clone();
        if !is_thread && !has(libc::CLONE_FILES) {
            self.tables.push(self.tables[parent.table].clone());
            task.table = self.tables.len() - 1;
        }
        if !is_thread && !has(libc::CLONE_FS) {
            self.directories.push(self.directories[parent.directory].clone());
            task.directory = self.directories.len() - 1;
        }
        self.tasks.insert(child, task);
    }
}
