//! A model of what records use: descriptors, names, files, working directories. From it follows which earlier
//! records of other tasks each has to wait for.
//!
//! It follows the trace alone, ahead of the replay; of the disk it asks only where names lead that were
//! symbolic links before the trace began. Where it can't tell two things apart it takes them for one, so
//! that a record rather waits for too many than for too few.

use std::collections::BTreeSet;
use std::sync::Arc;

use dataseries::Value;
use foldhash::HashMap;
use replay_schema::{Call, Changes, Returns};

use crate::follow::{Seen, Shares, ancestors, parent, plain};
use crate::record::{Batch, Record, What};
use crate::replay::order::found::{Found, add_to};
use crate::replay::order::names::{Id, Names};
use crate::replay::order::uses::{At, How, Uses};
use crate::replay::order::{Wait, Waits};
use crate::replay::progress::Progress;
use crate::trace::RecordType;
use crate::verify;

/// What a task has, by the numbers of what it may share with others.
#[derive(Clone, Copy, Debug, Default)]
struct Task {
    /// Its table of descriptors.
    table: u32,
    /// Its working directory, root and umask.
    fs: u32,
    /// How many records it has had.
    count: u64,
}

/// A table of descriptors: what each is open on.
type Table = HashMap<i32, Id>;

/// The record that the model comes to.
#[derive(Clone, Copy)]
struct Current<'b> {
    ty: &'b RecordType,
    call: &'b Call,
    batch: &'b Batch,
    record: &'b Record,
    task: Task,
    at: At,
}

/// A working directory, and who used it.
#[derive(Clone, Debug, Default)]
struct Fs {
    directory: Vec<u8>,
    users: u32,
    uses: Uses,
}

/// The model.
pub struct Resources {
    /// By their numbers.
    tasks: Vec<Task>,
    progress: Vec<Option<Arc<Progress>>>,
    tables: Vec<Table>,
    descriptors: HashMap<(u32, i32), Uses>,
    fs: Vec<Fs>,
    names: Names,
    /// All sockets that have to do with an address: which of them are the two ends of one connection isn't known.
    sockets: Option<Id>,
    /// The last record that everybody waits for, since what it changed isn't known.
    barrier: Option<At>,
    /// The last record of each task.
    last: Vec<Option<At>>,
    /// Of each task, for how many of another one's records it has waited: its later records needn't again.
    waited: Vec<HashMap<u32, u64>>,
    link_of: fn(&[u8]) -> Option<Vec<u8>>,
}

/// Where a symbolic link on disk leads.
pub fn link_on_disk(path: &[u8]) -> Option<Vec<u8>> {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let target = std::fs::read_link(std::ffi::OsStr::from_bytes(path)).ok()?;
    Some(target.into_os_string().into_vec())
}

impl Resources {
    /// A model in which the first process starts in `directory`; `link_of` tells where symbolic links lead.
    pub fn new(directory: &[u8], link_of: fn(&[u8]) -> Option<Vec<u8>>) -> Self {
        let fs = Fs { directory: plain(b"", directory), users: 1, uses: Uses::default() };
        Self {
            tasks: Vec::new(),
            progress: Vec::new(),
            tables: vec![Table::default()],
            descriptors: HashMap::default(),
            fs: vec![fs],
            names: Names::default(),
            sockets: None,
            barrier: None,
            last: Vec::new(),
            waited: Vec::new(),
            link_of,
        }
    }

    /// Task `number` comes up, with its progress in the replay.
    pub fn add_task(&mut self, number: u32, progress: Arc<Progress>) {
        self.make_room(number);
        self.progress[number as usize] = Some(progress);
    }

    /// Makes task `number` one that is known.
    fn make_room(&mut self, number: u32) {
        let count = number as usize + 1;
        if count <= self.tasks.len() {
            return;
        }
        self.tasks.resize(count, Task::default());
        self.progress.resize(count, None);
        self.last.resize(count, None);
        self.waited.resize(count, HashMap::default());
    }

    /// What each record of `batch` waits for.
    pub fn waits(&mut self, types: &[RecordType], batch: &Batch) -> Waits {
        let mut waits = Waits::default();
        let (mut found, mut seen) = (Found::default(), Seen::default());
        for record in &batch.records {
            self.make_room(record.task);
            let task = &mut self.tasks[record.task as usize];
            task.count += 1;
            let (count, position) = (task.count, record.position);
            let at = At { task: record.task, count, position };
            found.clear();
            if let Some(barrier) = self.barrier {
                found.add(barrier, at.task);
            }
            match record.what {
                What::Call(kind) => {
                    self.call(&types[kind as usize], batch, record, at, &mut seen, &mut found);
                }
                What::TaskEnd => self.leave(at, &mut found),
            }
            self.last[at.task as usize] = Some(at);
            let waited = &mut self.waited[at.task as usize];
            let progress = &self.progress;
            let mut wait = |other: &At, is_firm: bool| {
                if waited.get(&other.task).is_some_and(|count| *count >= other.count) {
                    return None;
                }
                // One that overlapped may let this one pass; see [`Wait::wait`].
                if other.position < record.ready_at {
                    waited.insert(other.task, other.count);
                }
                let progress = progress[other.task as usize].clone()?;
                Some(Wait { progress, count: other.count, position: other.position, is_firm })
            };
            let firm = found.all.iter().map(|other| (other, true));
            let others = found.of_nameless.iter().map(|other| (other, false));
            waits.push(firm.chain(others).filter_map(|(other, is_firm)| wait(other, is_firm)));
        }
        waits
    }

    fn call(
        &mut self,
        ty: &RecordType,
        batch: &Batch,
        record: &Record,
        at: At,
        seen: &mut Seen,
        found: &mut Found,
    ) {
        let Some(call) = &ty.call else { return };
        let task = self.tasks[at.task as usize];
        let current = Current { ty, call, batch, record, task, at };
        let is_made = ty.disabled.is_none() && !ty.is_simulated && !ty.lacks_columns;
        seen.read_again(ty, call, batch, record);
        if is_made {
            if ty.has_address {
                self.address(current, seen, found);
            }
            self.uses(current, seen, found);
        }
        self.effects(current, seen, found);
        if let Some(child) = record.child {
            self.create(child, task, seen.shares);
        }
    }

    /// The descriptors and names that the call is on.
    fn uses(&mut self, current: Current<'_>, seen: &mut Seen, found: &mut Found) {
        let Current { ty, call, batch, record, task, at } = current;
        let looks = verify::looks(ty, call, batch, record);
        let how = if looks { How::Look } else { How::Alone };
        let has_names = !seen.paths.is_empty();
        for traced in &seen.used {
            let alone = !(call.keeps_offset || has_names);
            let uses = self.descriptors.entry((task.table, *traced)).or_default();
            let of_descriptor = if alone { How::Alone } else { How::Look };
            let thing = self.tables[task.table as usize].get(traced).filter(|_| !has_names);
            let thing = thing.map(|thing| self.names.last(*thing));
            let thing = thing.map(|thing| self.names.get_mut(thing));
            let (all, how) = match &thing {
                // What is read of a pipe or a socket is gone.
                Some(thing) if thing.is_nameless => (&mut found.of_nameless, How::Alone),
                _ => (&mut found.all, how),
            };
            uses.add(of_descriptor, at, |other| add_to(all, other, at.task));
            if let Some(thing) = thing {
                thing.content.add(how, at, |other| add_to(all, other, at.task));
            }
        }
        for index in 0..seen.paths.len() {
            let (directory, path) = &seen.paths[index];
            let base = match directory {
                Some(traced) if *traced != libc::AT_FDCWD => {
                    match self.named(task.table, *traced) {
                        Some(name) => self.names.get(name).path.to_vec(),
                        None => format!("/?/{}/{traced}", task.table).into_bytes(),
                    }
                }
                _ => self.fs[task.fs as usize].directory.clone(),
            };
            let full = plain(&base, path);
            let name = self.name(&full, how, at, found);
            seen.names.push(name);
        }
        if let (false, [one, other, ..]) = (looks, &seen.names[..]) {
            self.names.join(*other, *one);
        }
        if let (Some(target), [name, ..]) = (&seen.target, &seen.names[..]) {
            self.names.link(*name, target, &self.link_of);
        }
        let fs = &mut self.fs[task.fs as usize];
        if call.changes_fs {
            fs.uses.add(How::Alone, at, |other| found.add(other, at.task));
            let there = seen.names.first().copied();
            let there =
                there.or_else(|| seen.used.first().and_then(|fd| self.named(task.table, *fd)));
            if let Some(there) = there {
                self.fs[task.fs as usize].directory = self.names.get(there).path.to_vec();
            }
        } else if has_names && fs.users > 1 {
            fs.uses.add(How::Look, at, |other| found.add(other, at.task));
        }
        let is_known = has_names || !seen.used.is_empty() || seen.makes_descriptor;
        if !is_known && !looks && !call.changes_fs && record_is_plain(call) {
            self.last.iter().flatten().for_each(|other| found.add(*other, at.task));
            self.barrier = Some(at);
        }
    }

    /// The socket that the call is on has to do with an address, which may be a name.
    fn address(&mut self, current: Current<'_>, seen: &Seen, found: &mut Found) {
        let Current { ty, batch, record, task, at, .. } = current;
        let Some(socket) = seen.used.first() else { return };
        let sockets = *self.sockets.get_or_insert_with(|| self.names.nameless());
        match self.named(task.table, *socket) {
            Some(socket) => self.names.join(socket, sockets),
            None => drop(self.tables[task.table as usize].insert(*socket, sockets)),
        }
        let address = ty.address.as_ref().map(|column| batch.cells(record, 0).get(column));
        if let Some(Value::Bytes(address)) = address
            && let Some(path) = local_path(address)
        {
            let how = if ty.visits || ty.moves_data { How::Look } else { How::Alone };
            let full = plain(&self.fs[task.fs as usize].directory, path);
            self.name(&full, how, at, found);
        }
    }

    fn named(&self, table: u32, traced: i32) -> Option<Id> {
        self.tables[table as usize].get(&traced).copied()
    }

    /// The name at plain `path`, used by `at`: a change of it is a change of its directory's list of names,
    /// and one of a directory concerns all that is below.
    fn name(&mut self, path: &[u8], how: How, at: At, found: &mut Found) -> Id {
        let (name, link) = self.names.look_up(path, &self.link_of);
        let add = |other| found.add(other, at.task);
        let mut add = add;
        for used in std::iter::once(name).chain(link) {
            let used = self.names.get_mut(used);
            used.uses.add(how, at, &mut add);
            used.content.add(how, at, &mut add);
        }
        for above in ancestors(path).map(<[u8]>::to_vec) {
            let (above, _) = self.names.look_up(&above, &self.link_of);
            self.names.get(above).uses.last_changes().iter().copied().for_each(&mut add);
        }
        if how == How::Alone {
            if let Some(above) = parent(path) {
                let (above, _) = self.names.look_up(above, &self.link_of);
                self.names.get_mut(above).content.add(How::Rename, at, &mut add);
            }
            for below in self.names.below(name) {
                let below = self.names.get(below);
                below.uses.last().iter().chain(below.content.last()).copied().for_each(&mut add);
            }
        }
        name
    }

    /// The descriptors that come and go with the recorded call.
    fn effects(&mut self, current: Current<'_>, seen: &Seen, found: &mut Found) {
        let Current { ty, call, batch, record, task, at } = current;
        if !record.succeeded() {
            return;
        }
        if call.changes == Changes::Program {
            self.leave(at, found);
        }
        for traced in &seen.closed {
            // Who is at the other end may notice.
            if let Some(thing) = self.named(task.table, *traced) {
                self.close(thing, at, found);
            }
            self.change(*traced, None, task, at, found);
        }
        // The ends of a pipe are of one thing.
        let made = (!seen.made.is_empty()).then(|| self.names.nameless());
        for traced in &seen.made {
            self.change(*traced, made, task, at, found);
        }
        if verify::returns(ty, call, batch, record) == Returns::Descriptor {
            let of_used = seen.used.first().and_then(|used| self.named(task.table, *used));
            let thing = seen.names.first().copied().or(of_used);
            let thing = thing.unwrap_or_else(|| self.names.nameless());
            self.change(record.return_value as i32, Some(thing), task, at, found);
        }
    }

    /// From now on descriptor `traced` is open on `thing`, or closed.
    fn change(&mut self, traced: i32, thing: Option<Id>, task: Task, at: At, found: &mut Found) {
        let uses = self.descriptors.entry((task.table, traced)).or_default();
        uses.add(How::Alone, at, |other| found.add(other, at.task));
        let table = &mut self.tables[task.table as usize];
        match thing {
            Some(thing) => table.insert(traced, thing),
            None => table.remove(&traced),
        };
    }

    /// A descriptor that is open on `thing` is closed.
    fn close(&mut self, thing: Id, at: At, found: &mut Found) {
        let thing = self.names.last(thing);
        let thing = self.names.get_mut(thing);
        if thing.is_nameless {
            let all = &mut found.of_nameless;
            thing.content.add(How::Alone, at, |other| add_to(all, other, at.task));
        }
    }

    /// The task gives its descriptors up, some or all.
    fn leave(&mut self, at: At, found: &mut Found) {
        let table = self.tasks[at.task as usize].table;
        let things: BTreeSet<Id> = self.tables[table as usize].values().copied().collect();
        for thing in things {
            self.close(thing, at, found);
        }
    }

    /// A child of `parent` comes up.
    fn create(&mut self, child: u32, parent: Task, shares: Shares) {
        let table = if shares.files {
            parent.table
        } else {
            let copy = self.tables[parent.table as usize].clone();
            self.tables.push(copy);
            self.tables.len() as u32 - 1
        };
        let fs = if shares.fs {
            self.fs[parent.fs as usize].users += 1;
            parent.fs
        } else {
            let directory = self.fs[parent.fs as usize].directory.clone();
            self.fs.push(Fs { directory, users: 1, uses: Uses::default() });
            self.fs.len() as u32 - 1
        };
        self.make_room(child);
        let task = &mut self.tasks[child as usize];
        (task.table, task.fs) = (table, fs);
    }
}

/// The path in a socket's address, if it has one (unix(7)).
fn local_path(address: &[u8]) -> Option<&[u8]> {
    let (family, path) = address.split_first_chunk()?;
    let path = path.split(|byte| *byte == 0).next()?;
    (i32::from(u16::from_ne_bytes(*family)) == libc::AF_UNIX && !path.is_empty()).then_some(path)
}

/// Whether the record is of a call that does something by itself, and no more than that: neither the end of
/// a task, nor the beginning of one or of a program.
fn record_is_plain(call: &Call) -> bool {
    !matches!(call.returns, Returns::Never | Returns::Child)
}
