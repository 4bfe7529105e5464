//! Which of two calls at once took effect first, where their outcomes tell.
//!
//! Calls are replayed in the order in which they returned. Of two that overlapped, the later one may have taken effect
//! first, all the same; and where both are on one name it may be seen that it did: one process's unlink(2) finds no
//! file, and another's, which returns a moment later, removes it. Such a call is moved up, before the other one. It
//! goes past none of its own task's calls, which was in this one all the while. Of two that let somebody in from the
//! network, who came tells.

use std::cell::OnceCell;
use std::collections::VecDeque;

use replay_schema::Touch;

use crate::follow::Seen;
use crate::record::{Batch, Record, What};
use crate::replay::net::Visitor;
use crate::trace::{REACH, RecordType};
use crate::verify;

/// Moves calls before others that they overlapped, and that could only have come after them.
#[derive(Debug, Default)]
pub struct Overlaps {
    /// What was moved: to the first position, from the second.
    moved: VecDeque<(u64, u64)>,
}

/// A path's last name. Tasks may call one directory by many paths; if two names only look the same, a call is moved that
/// could as well have stayed.
type Name = Vec<u8>;

fn last_name(path: &[u8]) -> Option<Name> {
    let path = path.strip_suffix(b"\0").unwrap_or(path);
    let name = path.rsplit(|byte| *byte == b'/').find(|name| !name.is_empty())?;
    Some(name.to_vec())
}

/// What tells when a call took effect: what it did to the names that it is on, or whom it let in.
#[derive(Debug, Default)]
struct Signs {
    made: Vec<Name>,
    removed: Vec<Name>,
    /// Those that it only looked at or used.
    found: Vec<Name>,
    /// Those that weren't there, or were and shouldn't have been.
    missed: Vec<Name>,
    in_the_way: Vec<Name>,
    visitor: Option<Visitor>,
}

impl Signs {
    fn of(types: &[RecordType], batch: &Batch, record: &Record) -> Self {
        let mut signs = Self::default();
        let What::Call(kind) = record.what else { return signs };
        let ty = &types[kind as usize];
        let Some(call) = ty.call.as_ref().filter(|_| record.returned) else { return signs };
        let Seen { paths, touches, .. } = Seen::read(ty, call, batch, record);
        let looks = verify::looks(ty, call, batch, record);
        for ((_, path), touch) in paths.into_iter().zip(touches.0) {
            let makes = touch == Touch::Makes && !looks;
            let list = match (record.errno_number, touch) {
                // Of a name that can't be made its directory isn't there.
                (libc::ENOENT, _) if !makes => &mut signs.missed,
                (libc::EEXIST, _) if makes => &mut signs.in_the_way,
                (0, _) if makes => &mut signs.made,
                (0, Touch::Removes) => &mut signs.removed,
                (0, _) => &mut signs.found,
                _ => continue,
            };
            list.extend(last_name(&path));
        }
        signs.visitor = Visitor::of(ty, batch, record);
        signs
    }

    /// Whether a call with these signs took effect after `other`, which returned later, if the two overlapped.
    fn came_after(&self, other: &Self) -> bool {
        let common = |ours: &[Name], theirs: &[Name]| ours.iter().any(|name| theirs.contains(name));
        common(&self.missed, &other.removed)
            || common(&self.in_the_way, &other.made)
            || common(&self.removed, &other.found)
            || common(&self.made, &other.missed)
            || self
                .visitor
                .zip(other.visitor)
                .is_some_and(|(ours, theirs)| ours.came_after(&theirs))
    }

    /// Whether it made or took away one of the names of `other`.
    fn changed(&self, other: &Self) -> bool {
        self.made.iter().chain(&self.removed).any(|name| other.all().any(|other| other == name))
    }

    fn are_none(&self) -> bool {
        self.visitor.is_none() && self.all().next().is_none()
    }

    fn all(&self) -> impl Iterator<Item = &Name> {
        let Self { made, removed, found, missed, in_the_way, visitor: _ } = self;
        [made, removed, found, missed, in_the_way].into_iter().flatten()
    }
}

impl Overlaps {
    /// Moves calls of `batch`, as far as the batch has both. The positions are the batch's own, as before.
    pub fn settle(&mut self, types: &[RecordType], batch: &mut Batch) {
        let Some(start) = batch.records.first().map(|record| record.position) else { return };
        while self.moved.front().is_some_and(|(_, from)| from + REACH < start) {
            self.moved.pop_front();
        }
        // Of each record, once somebody asked. In most batches nobody does.
        let mut known: Vec<OnceCell<Signs>> = Vec::new();
        for index in 0..batch.records.len() {
            let mut record = batch.records[index];
            for (to, from) in &self.moved {
                // What is moved lets all between come one later.
                if (to + 1..=*from).contains(&record.ready_at) {
                    record.ready_at += 1;
                }
            }
            batch.records[index] = record;
            if record.ready_at >= record.position {
                continue;
            }
            known.resize_with(batch.records.len(), OnceCell::new);
            let signs_of = |index: usize| {
                known[index].get_or_init(|| Signs::of(types, batch, &batch.records[index]))
            };
            let signs = signs_of(index);
            // Most calls have none, and some overlap hundreds of others.
            if signs.are_none() {
                continue;
            }
            let first = record.ready_at.saturating_sub(start) as usize;
            let before = (first..index).find(|before| signs_of(*before).came_after(signs));
            let Some(to) = before else { continue };
            if !(to + 1..index).any(|between| signs_of(between).changed(signs)) {
                self.move_up(batch, to, index);
                known[to..=index].rotate_right(1);
            }
        }
    }

    fn move_up(&mut self, batch: &mut Batch, to: usize, from: usize) {
        let moved = &mut batch.records[to..=from];
        let start = moved[0].position;
        let end = start + (from - to) as u64;
        moved.rotate_right(1);
        for (record, position) in moved.iter_mut().zip(start..) {
            record.position = position;
            if position > start && record.ready_at > start {
                record.ready_at += 1;
            }
        }
        self.moved.push_back((start, end));
    }
}
