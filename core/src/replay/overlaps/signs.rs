//! What tells when a call took effect.

use std::ops::Range;

use dataseries::Value;
use replay_schema::{Call, Returns, Touch};

use crate::follow::Seen;
use crate::record::{Batch, Record, What};
use crate::replay::net::Visitor;
use crate::trace::RecordType;
use crate::verify;

/// When a call took effect that overlapped another one and returned later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Before the other one: what came of the two tells.
    Before,
    /// Perhaps after it: it is on the same name, and one of the two changed it.
    After,
    /// The two have nothing to do with each other.
    Unknown,
}

/// What a call did to a name, or what it met there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Did {
    /// Made it; `anew` if it can't have been there before.
    Made {
        anew: bool,
    },
    Removed,
    /// Only looked at it, or used it.
    Found,
    /// It wasn't there.
    Missed,
    /// Could not make it, for its directory wasn't there.
    MissedDirectory,
    /// It was there, and shouldn't have been.
    WasInTheWay,
    /// Could not remove it, for names were in it.
    WasFull,
}

impl Did {
    fn changes(self) -> bool {
        matches!(self, Self::Made { .. } | Self::Removed)
    }

    /// Whether the directory of the name was there.
    fn had_directory(self) -> bool {
        !matches!(self, Self::Missed | Self::MissedDirectory)
    }
}

/// A name, and what a call did to it. Tasks may call one directory by many paths: names are told by the last part of their
/// path, and by the part before that of the directory. If two only look the same, a call is moved that could as well have
/// stayed.
#[derive(Debug)]
struct Name {
    path: Vec<u8>,
    last: Range<usize>,
    directory: Range<usize>,
    did: Did,
}

/// The range in `path` of its last part; none if it has none.
fn last_part(path: &[u8]) -> Option<Range<usize>> {
    let end = path.iter().rposition(|byte| *byte != b'/')? + 1;
    let start = path[..end].iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    Some(start..end)
}

impl Name {
    fn new(path: Vec<u8>, did: Did) -> Option<Self> {
        let last = last_part(path.strip_suffix(b"\0").unwrap_or(&path))?;
        let directory = last_part(&path[..last.start]).filter(|part| path[part.clone()] != *b".");
        Some(Self { last, directory: directory.unwrap_or(0..0), path, did })
    }

    fn is_in(&self, directory: &Self) -> bool {
        self.path[self.directory.clone()] == directory.path[directory.last.clone()]
    }

    /// When the call that did `later` to its name took effect.
    fn then(&self, later: &Self) -> Then {
        let (ours, theirs) = (self.did, later.did);
        if !ours.changes() && !theirs.changes() {
            return Then::Unknown;
        }
        let is_before = if self.path[self.last.clone()] == later.path[later.last.clone()] {
            match (ours, theirs) {
                (Did::Missed, Did::Removed) => true,
                (Did::WasInTheWay, Did::Made { .. }) => true,
                (Did::Found, Did::Made { anew }) => anew,
                (Did::Removed, Did::Found | Did::WasInTheWay | Did::WasFull) => true,
                (Did::Made { .. }, Did::Missed | Did::MissedDirectory) => true,
                _ => false,
            }
        } else if later.is_in(self) {
            match (ours, theirs) {
                (Did::Made { .. }, Did::Missed | Did::MissedDirectory) => true,
                (Did::WasFull, Did::Made { .. }) => true,
                (Did::Removed, _) => theirs.had_directory(),
                _ => false,
            }
        } else if self.is_in(later) {
            match (ours, theirs) {
                (Did::MissedDirectory, Did::Removed) | (Did::Removed, Did::WasFull) => true,
                (_, Did::Made { anew }) => anew && ours.had_directory(),
                _ => false,
            }
        } else {
            return Then::Unknown;
        };
        if is_before { Then::Before } else { Then::After }
    }
}

/// What tells when a call took effect: what it did to the names that it is on, or whom it let in.
#[derive(Debug, Default)]
pub struct Signs {
    names: Vec<Name>,
    /// Whether it saw a file that had no name any more.
    is_nameless: bool,
    visitor: Option<Visitor>,
}

impl Signs {
    /// Those of `record`.
    pub fn of(types: &[RecordType], batch: &Batch, record: &Record) -> Self {
        let mut signs = Self::default();
        let What::Call(kind) = record.what else { return signs };
        let ty = &types[kind as usize];
        let Some(call) = ty.call.as_ref().filter(|_| record.returned) else { return signs };
        signs.is_nameless = record.succeeded()
            && ty
                .links
                .as_ref()
                .is_some_and(|links| batch.cells(record, 0).get(links) == Value::Int32(0));
        signs.visitor = Visitor::of(ty, batch, record);
        if !ty.has_paths {
            return signs;
        }
        let Seen { paths, touches, .. } = Seen::read(ty, call, batch, record);
        let looks = verify::looks(ty, call, batch, record);
        let is_one = paths.len() == 1;
        for ((_, path), touch) in paths.into_iter().zip(&touches.0) {
            let makes = *touch == Touch::Makes && !looks;
            let did = match (record.errno_number, touch) {
                (0, _) if makes => Did::Made { anew: makes_anew(ty, call, batch, record) },
                (0, Touch::Removes) => Did::Removed,
                (0, _) => Did::Found,
                (libc::ENOENT, _) if !makes => Did::Missed,
                // Of two names it may be the other one that wasn't there.
                (libc::ENOENT, _) if is_one => Did::MissedDirectory,
                (libc::EEXIST, _) if makes => Did::WasInTheWay,
                (libc::ENOTEMPTY, Touch::Removes) if is_one => Did::WasFull,
                _ => continue,
            };
            signs.names.extend(Name::new(path, did));
        }
        signs
    }

    /// When a call with the signs `later`, which overlapped this one and returned later, took effect.
    pub fn then(&self, later: &Self) -> Then {
        let pairs = self
            .names
            .iter()
            .flat_map(|ours| later.names.iter().map(move |theirs| ours.then(theirs)));
        let mut then = Then::Unknown;
        for pair in pairs {
            match pair {
                Then::After => return Then::After,
                Then::Before => then = Then::Before,
                Then::Unknown => {}
            }
        }
        // What takes a name's place takes the name from another file, too.
        let takes_names = || later.names.iter().any(|name| name.did.changes());
        let came_before =
            self.visitor.zip(later.visitor).is_some_and(|(ours, theirs)| ours.came_after(&theirs));
        match then {
            Then::Unknown if came_before || (self.is_nameless && takes_names()) => Then::Before,
            _ => then,
        }
    }

    /// Whether there are none.
    pub fn are_none(&self) -> bool {
        self.visitor.is_none() && self.names.is_empty()
    }
}

/// Whether a call that makes a name would have failed if the name had been there. Those that rename take another's place, and
/// those that open a file open one that is there, unless they are told not to.
fn makes_anew(ty: &RecordType, call: &Call, batch: &Batch, record: &Record) -> bool {
    if call.returns == Returns::Descriptor {
        let flags = ty.open_flags.as_ref().map(|flags| batch.cells(record, 0).get(flags));
        let new = libc::O_CREAT | libc::O_EXCL;
        return matches!(flags, Some(Value::Int32(flags)) if flags & new == new);
    }
    ty.paths.iter().all(|(_, touch)| *touch != Touch::Removes)
}
