//! Where the paths of a trace lead, as the program named them: made absolute by the working directories and
//! open directories that the trace tells of. Symbolic links are not followed, and nothing is looked at.

use replay_schema::{Returns, Touch};

use super::places::{Name, Places};
use super::seen::Seen;
use crate::record::{Batch, Record, What};
use crate::trace::{Initial, RecordType};
use crate::verify;

/// Something with a path that a record is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its path, without `.` and `..`; none if it isn't known where it leads.
    pub path: Option<Name>,
    /// What the call does to it.
    pub touch: Touch,
}

/// Follows a trace, record by record.
#[derive(Debug)]
pub struct Whereabouts {
    places: Places,
}

impl Whereabouts {
    /// Where the first process of a trace is.
    pub fn new(initial: &Initial) -> Self {
        let files = initial.descriptors.iter().filter(|open| open.target.is_absolute());
        let files = files.map(|open| (open.number, &*open.target));
        Self { places: Places::new(initial.cwd.as_deref(), files) }
    }

    /// The first process starts in `directory`, if the trace doesn't say where.
    pub fn or_in(self, directory: &[u8]) -> Self {
        Self { places: self.places.or_in(directory) }
    }

    /// What `record`, the next one of the trace, is on, if it is a call with a plugin.
    pub fn of(&mut self, types: &[RecordType], batch: &Batch, record: &Record) -> Vec<Named> {
        let What::Call(kind) = record.what else { return Vec::new() };
        let ty = &types[kind as usize];
        let Some(call) = &ty.call else { return Vec::new() };
        let seen = Seen::read(ty, call, batch, record);
        let named = self.named(record.task, &seen);
        if record.succeeded() {
            let is_descriptor = verify::returns(ty, call, batch, record) == Returns::Descriptor;
            let returned = i32::try_from(record.return_value).ok().filter(|_| is_descriptor);
            let on = named.first().map(|named| named.path.clone());
            self.places.follow(record.task, call, &seen, returned, on);
        }
        if let Some(child) = record.child {
            self.places.create(child, record.task, seen.shares);
        }
        named
    }

    /// Whether it isn't known where relative paths of the record's task lead.
    pub fn is_lost(&self, record: &Record) -> bool {
        self.places.directory(record.task).is_none()
    }

    /// It isn't known any more where relative paths of the record's task lead.
    pub fn lose(&mut self, record: &Record) {
        self.places.lose_directory(record.task);
    }

    /// The paths of a call, or else what its descriptors are open on.
    fn named(&self, task: u32, seen: &Seen) -> Vec<Named> {
        if !seen.paths.is_empty() {
            let paths = seen.paths.iter().zip(&seen.touches.0);
            let paths = paths
                .map(|(path, touch)| Named { path: self.places.find(task, path), touch: *touch });
            return paths.collect();
        }
        let used = seen.used.iter().chain(&seen.closed);
        let touches = seen.touches.1.iter().copied().chain(std::iter::repeat(Touch::Looks));
        let used = used.zip(touches).filter_map(|(traced, touch)| {
            let name = self.places.open_on(task, *traced)?;
            Some(Named { path: Some(name.clone()), touch })
        });
        used.collect()
    }
}
