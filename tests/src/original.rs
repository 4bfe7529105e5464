//! Two recordings of one command, the original recorder's and ours, brought side by side: the same calls of the same
//! tasks, whatever their numbers are.

pub mod again;

use std::collections::{BTreeMap, BTreeSet};

use dataseries::Value;
use replay_schema::common;

use crate::trace::{At, Trace};

/// A row of one of them.
#[derive(Clone, Copy)]
pub struct Line<'t> {
    trace: &'t Trace,
    at: At,
    /// Its record type.
    pub name: &'t str,
}

/// A row of the original's, ours that it goes with, and what is known of both.
#[derive(Clone, Copy)]
pub struct Pair<'t> {
    /// The original's.
    pub theirs: Line<'t>,
    /// Ours.
    pub ours: Line<'t>,
    /// Whether the row is of a file that belongs to the machine, such as `/etc/passwd`, and not to the command's
    /// folder.
    pub of_machine: bool,
}

impl<'t> Line<'t> {
    /// What stands in `column`; nothing if the type has no such column.
    pub fn value(&self, column: &str) -> Value<'t> {
        self.trace.find(self.at, column).unwrap_or(Value::Null)
    }

    /// The number in `column`.
    pub fn number(&self, column: &str) -> Option<i64> {
        self.trace.find(self.at, column).and_then(|_| self.trace.number(self.at, column))
    }

    /// The bytes in `column`.
    pub fn bytes(&self, column: &str) -> Option<&'t [u8]> {
        match self.value(column) {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The names of its columns.
    pub fn columns(&self) -> Vec<String> {
        self.trace.columns(self.at)
    }

    fn task(&self) -> i64 {
        self.number(common::EXECUTING_PID).unwrap_or_default()
    }

    /// The task that it made.
    fn child(&self) -> Option<i64> {
        let makes = ["clone", "clone3", "fork", "vfork"].contains(&self.name);
        self.number(common::RETURN_VALUE).filter(|child| makes && *child > 0)
    }

    /// Whether the call moves bytes through the command's own standard input or output, or asks how far.
    fn is_of_stream(&self) -> bool {
        let moves = ["read", "write", "lseek"].contains(&self.name);
        moves && matches!(self.number("descriptor"), Some(0 | 1))
    }
}

/// The rows of each task in their order: the command's first, then those of the tasks that it made, in the order in
/// which it did, each followed by its own.
pub fn tasks(trace: &Trace) -> Vec<Vec<Line<'_>>> {
    let lines = trace.rows().map(|(name, at, _)| Line { trace, at, name });
    let mut lines: Vec<_> = lines.collect();
    lines.sort_by_key(|line| (trace.unique_id(line.at), line.at));
    let mut left = lines.iter().map(Line::task).collect::<BTreeSet<_>>();
    let (mut tasks, mut next) = (Vec::new(), Vec::from_iter(lines.first().map(Line::task)));
    while let Some(task) = next.pop() {
        if !left.remove(&task) {
            continue;
        }
        let of_task: Vec<_> = lines.iter().copied().filter(|line| line.task() == task).collect();
        next.extend(of_task.iter().rev().filter_map(Line::child));
        tasks.push(of_task);
    }
    assert!(left.is_empty(), "nobody made the tasks {left:?}");
    tasks
}

/// How the calls of two recordings go together.
pub struct Matched<'t> {
    /// The rows that go together.
    pub pairs: Vec<Pair<'t>>,
    /// What has nothing that it goes with, in words.
    pub alone: Vec<String>,
}

/// Brings `ours` to the side of `theirs`: calls of record types that the original's recording has none of are left
/// out. With `streams`, how a task's reads and writes cut the bytes that go through its standard input and output
/// isn't looked at, nor how far it reads ahead: that goes by who is first. The bytes are; and a task that was ended by
/// a signal may be behind.
pub fn matched<'t>(
    theirs: &'t Trace,
    ours: &'t Trace,
    folder: &[u8],
    streams: bool,
) -> Matched<'t> {
    let known: BTreeSet<&str> = theirs.rows().map(|(name, ..)| name).collect();
    let (their_tasks, our_tasks) = (tasks(theirs), tasks(ours));
    let mut matched = Matched { pairs: Vec::new(), alone: Vec::new() };
    if their_tasks.len() != our_tasks.len() {
        matched.alone.push(format!("{} tasks, {} here", their_tasks.len(), our_tasks.len()));
    }
    for (number, (theirs, ours)) in their_tasks.iter().zip(&our_tasks).enumerate() {
        let ours: Vec<_> = ours.iter().filter(|line| known.contains(line.name)).copied().collect();
        let ends = ours.iter().any(|line| line.name == "exit");
        if streams {
            for (call, descriptor) in [("read", 0), ("write", 1)] {
                let [theirs, ours] =
                    [theirs, &ours].map(|lines| moved(lines, call, descriptor).concat());
                let read_ahead = call == "read" && ours.starts_with(&theirs);
                let behind = (call == "read" || !ends) && theirs.starts_with(&ours);
                if theirs != ours && !read_ahead && !behind {
                    let told =
                        format!("task {number}: what it {call}s on {descriptor} isn't the same");
                    matched.alone.push(told);
                }
            }
        }
        let look = |line: &&Line<'t>| !(streams && line.is_of_stream());
        let theirs: Vec<_> = theirs.iter().filter(look).copied().collect();
        let ours: Vec<_> = ours.iter().filter(look).copied().collect();
        let mut files = Files { folder, open: BTreeMap::new(), mapped: BTreeSet::new() };
        for (theirs, ours) in theirs.iter().copied().zip(ours.iter().copied()) {
            if theirs.name != ours.name {
                let told = format!("task {number}: {} where we have {}", theirs.name, ours.name);
                matched.alone.push(told);
                break;
            }
            matched.pairs.push(Pair { theirs, ours, of_machine: files.is_of_machine(theirs) });
        }
        let behind = streams && !ends && ours.len() < theirs.len();
        if theirs.len() != ours.len() && !behind {
            let told = format!("task {number}: {} calls, {} here", theirs.len(), ours.len());
            matched.alone.push(told);
        }
    }
    matched
}

/// The bytes that each of the calls on `descriptor` moved.
fn moved<'t>(lines: &[Line<'t>], call: &str, descriptor: i64) -> Vec<&'t [u8]> {
    let of_call = lines.iter().filter(|line| line.name == call);
    let of_call = of_call.filter(|line| line.number("descriptor") == Some(descriptor));
    let column = if call == "read" { "data_read" } else { "data_written" };
    of_call.filter_map(|line| line.bytes(column)).collect()
}

/// What the descriptors of a task are open on.
struct Files<'t> {
    folder: &'t [u8],
    open: BTreeMap<i64, &'t [u8]>,
    mapped: BTreeSet<i64>,
}

impl<'t> Files<'t> {
    fn is_of_machine(&mut self, line: Line<'t>) -> bool {
        let outside = |path: &[u8]| path.starts_with(b"/") && !path.starts_with(self.folder);
        let descriptor = line.number("descriptor").unwrap_or(-1);
        let returned = line.number(common::RETURN_VALUE).unwrap_or(-1);
        let path = line.bytes("given_pathname").filter(|path| path.len() > 1);
        let is = match (line.name, path) {
            ("munmap", _) => {
                line.number("start_address").is_some_and(|start| self.mapped.contains(&start))
            }
            (_, Some(path)) => outside(path),
            _ => self.open.get(&descriptor).is_some_and(|path| outside(path)),
        };
        match (line.name, path) {
            ("openat" | "creat", Some(path)) if returned >= 0 => {
                self.open.insert(returned, path);
            }
            ("dup2", _) => {
                let old =
                    line.number("old_descriptor").and_then(|old| self.open.get(&old).copied());
                self.open.extend(old.map(|path| (returned, path)));
            }
            ("close", _) => drop(self.open.remove(&descriptor)),
            ("mmap", _) if is => drop(self.mapped.insert(returned)),
            _ => {}
        }
        is
    }
}
