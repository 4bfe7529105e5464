//! Rules by which divergences are tolerated: each explains one kind, and nothing else.

use std::fmt;

use abi::Outcome;
use clap::ValueEnum;
use replay_schema::{Changes, Touch};

use crate::follow::Named;
use crate::record::{Batch, Record, What};
use crate::replay::effects::paths_touched;
use crate::trace::RecordType;
use crate::verify;

/// A rule, by its name on the command line; `docs/replay.md` tells why there is such a one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Rule {
    /// A call that only looks found a name, or didn't, while a call that made or removed that name was under way; or
    /// it looked at a file, or read it, while a call changed it: no recorder sees which of the two came first
    Overlap,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Overlap => "overlap",
        })
    }
}

impl Rule {
    /// All there are.
    pub const ALL: [Self; 1] = [Self::Overlap];

    /// Whether it explains why the call at `index` of `batch` came to `replayed`; `types` are the trace's.
    pub fn explains(
        self,
        types: &[RecordType],
        batch: &Batch,
        index: usize,
        replayed: Outcome,
    ) -> bool {
        match self {
            Self::Overlap => {
                is_overlap(types, batch, index, replayed)
                    || is_overlap_on_a_file(types, batch, index, replayed)
            }
        }
    }
}

/// Whether the call found a name, or didn't, because a call that overlapped it makes or removes that name.
fn is_overlap(types: &[RecordType], batch: &Batch, index: usize, replayed: Outcome) -> bool {
    let record = &batch.records[index];
    let found = (record.errno_number, replayed.errno_number);
    if !matches!(found, (0, libc::ENOENT) | (libc::ENOENT, 0)) {
        return false;
    }
    let Some(looked_at) = looked_at(types, batch, record) else { return false };
    batch.records.iter().any(|other| {
        other.task != record.task
            && other.succeeded()
            && overlap(record, other)
            && changed(types, batch, other).contains(&looked_at)
    })
}

/// Whether the call looked at a file, or read it, and succeeded, while one that overlapped it changed that file.
fn is_overlap_on_a_file(
    types: &[RecordType],
    batch: &Batch,
    index: usize,
    replayed: Outcome,
) -> bool {
    let record = &batch.records[index];
    let looked_at = batch.on.get(index).filter(|on| !on.is_empty());
    let Some(looked_at) = looked_at.filter(|_| record.succeeded() && replayed.errno_number == 0)
    else {
        return false;
    };
    does(types, batch, record) == Some(Does::Looks)
        && batch.records.iter().zip(&batch.on).any(|(other, on)| {
            other.task != record.task
                && other.succeeded()
                && overlap(record, other)
                && does(types, batch, other) == Some(Does::Changes)
                && on.iter().any(|on| {
                    let is_same = |one: &Named| one.path.is_some() && one.path == on.path;
                    on.touch != Touch::Looks && looked_at.iter().any(is_same)
                })
        })
}

/// What a call does to what it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Looks,
    Changes,
    Nothing,
}

fn does(types: &[RecordType], batch: &Batch, record: &Record) -> Option<Does> {
    let ty = record_type(types, record)?;
    let call = ty.call.as_ref()?;
    Some(match call.changes {
        _ if verify::looks(ty, call, batch, record) => Does::Looks,
        Changes::Nothing => Does::Nothing,
        _ => Does::Changes,
    })
}

/// Whether neither of the two had returned before the other was called.
fn overlap(one: &Record, other: &Record) -> bool {
    let (earlier, later) = if one.position < other.position { (one, other) } else { (other, one) };
    later.ready_at <= earlier.position
}

/// The last name of the path that the call looks at, if it does no more.
fn looked_at(types: &[RecordType], batch: &Batch, record: &Record) -> Option<Vec<u8>> {
    let ty = record_type(types, record)?;
    ty.call.as_ref().filter(|call| verify::looks(ty, call, batch, record))?;
    let mut paths = paths_touched(ty, batch, record).into_iter();
    paths.next().and_then(|(path, _)| last_name(&path))
}

/// The last names of the paths that the call makes or removes.
fn changed(types: &[RecordType], batch: &Batch, record: &Record) -> Vec<Vec<u8>> {
    let Some(ty) = record_type(types, record) else { return Vec::new() };
    let Some(call) = &ty.call else { return Vec::new() };
    let looks = verify::looks(ty, call, batch, record);
    let touched = paths_touched(ty, batch, record).into_iter();
    let changed = touched.filter(|(_, touch)| match touch {
        Touch::Makes | Touch::Removes => true,
        Touch::Call => !looks,
        Touch::Looks => false,
    });
    changed.filter_map(|(path, _)| last_name(&path)).collect()
}

fn record_type<'t>(types: &'t [RecordType], record: &Record) -> Option<&'t RecordType> {
    match record.what {
        What::Call(kind) => types.get(kind as usize),
        What::TaskEnd => None,
    }
}

/// The name in its directory that `path` leads to, if it tells.
fn last_name(path: &[u8]) -> Option<Vec<u8>> {
    let name = path.rsplit(|byte| *byte == b'/').find(|name| !name.is_empty())?;
    (name != b"." && name != b"..").then(|| name.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(task: u32, ready_at: u64, position: u64) -> Record {
        Record { ready_at, position, ..Record::end_of(task, position as i64) }
    }

    #[test]
    fn calls_overlap_if_neither_had_returned_before_the_other() {
        let looks = record(0, 4, 5);
        assert!(overlap(&looks, &record(1, 5, 7)), "called before the other returned");
        assert!(overlap(&looks, &record(1, 3, 4)), "returned after the other was called");
        assert!(!overlap(&looks, &record(1, 6, 7)), "called after the other had returned");
        assert!(!overlap(&looks, &record(1, 3, 3)), "returned before the other was called");
    }

    #[test]
    fn a_path_leads_to_its_last_name() {
        for (path, name) in [("a/b//", Some("b")), ("b", Some("b")), ("/", None), ("a/..", None)] {
            assert_eq!(last_name(path.as_bytes()).as_deref(), name.map(str::as_bytes), "{path}");
        }
    }

    #[test]
    fn rules_are_called_as_people_write_them() {
        for rule in Rule::ALL {
            let value = rule.to_possible_value().expect("every rule has a name");
            assert_eq!(value.get_name(), rule.to_string());
        }
    }
}
