//! Which files the calls of a trace are on: the paths that they name, and those of their descriptors.
//!
//! Descriptors and working directories are followed from call to call, through processes and threads, by
//! what plugins declare of each call. Links on disk are not looked at, and a descriptor that an execve(2)
//! closed keeps its name until the number is used again.

use std::collections::HashMap;
use std::rc::Rc;

use dataseries::{ExtentType, Row};
use replay_schema::Returns;

use super::declared::Declared;
use super::names::Names;
use super::shape::{Calls, number};
use crate::follow::{Name, Places, plain};
use crate::trace::Story;

/// Follows descriptors. It has to be shown every call of the trace, in order.
#[derive(Debug)]
pub struct Follower<'n> {
    names: &'n Names,
    declared: HashMap<String, Option<Rc<Declared>>>,
    places: Places,
}

impl<'n> Follower<'n> {
    /// Begins with the state that the trace tells of its first process.
    pub fn new(names: &'n Names, story: &Story) -> Self {
        let initial = &story.initial;
        let open = initial.descriptors.iter().map(|open| (open.number, &*open.target));
        let places = Places::new(initial.cwd.as_deref(), open);
        Self { names, declared: HashMap::new(), places }
    }

    /// Whether calls of `ty` say anything of files or processes, as far as plugins know.
    pub fn wants(&mut self, ty: &ExtentType) -> bool {
        self.declared(ty).is_some_and(|declared| {
            let returns = declared.call().returns;
            declared.is_followed() || matches!(returns, Returns::Descriptor | Returns::Child)
        })
    }

    /// The full names of the files that a call names and that its descriptors are open on, as it begins.
    /// What the call does to descriptors is done when this returns.
    pub fn files(&mut self, ty: &ExtentType, calls: &Calls, row: &Row<'_>) -> Vec<Name> {
        let Some(declared) = self.declared(ty) else { return Vec::new() };
        let task = calls.task.as_ref().map_or(0, |column| row.int32(column)) as u32;
        let seen = declared.seen(row);
        let open_on = |traced: &i32| self.places.open_on(task, *traced).cloned();
        // An empty path means the descriptor itself, whose name comes with it.
        let paths = seen.paths.iter().filter(|(_, path)| !matches!(&path[..], b"" | b"\0"));
        let mut files: Vec<Name> = paths.map(|path| self.find(task, path)).collect();
        let on = files.first().cloned().or_else(|| seen.used.first().and_then(open_on));
        files.extend(seen.used.iter().chain(&seen.closed).filter_map(open_on));
        let value = number(row, calls.return_value.as_ref());
        let errno = number(row, calls.errno_number.as_ref()).unwrap_or(0);
        if let (Some(value), 0, true) = (value, errno, calls.is_main(row)) {
            let value = i32::try_from(value).ok();
            let returns = declared.returns(row);
            let returned = value.filter(|_| returns == Returns::Descriptor);
            self.places.follow(task, declared.call(), &seen, returned, on.map(Some));
            if let (Returns::Child, Some(child @ 1..)) = (returns, value) {
                self.places.create(child as u32, task, seen.shares);
            }
        }
        files
    }

    /// Where a path leads; one that is looked up from nobody knows where stays as it is.
    fn find(&self, task: u32, path: &(Option<i32>, Vec<u8>)) -> Name {
        self.places.find(task, path).unwrap_or_else(|| plain(b"", &path.1).into())
    }

    fn declared(&mut self, ty: &ExtentType) -> Option<Rc<Declared>> {
        if let Some(known) = self.declared.get(ty.name()) {
            return known.clone();
        }
        let declared = Declared::of(ty, self.names).map(Rc::new);
        self.declared.insert(ty.name().to_owned(), declared.clone());
        declared
    }
}
