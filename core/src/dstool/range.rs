//! Which order ids and times the calls of a file have.

use std::sync::Arc;

use dataseries::{Entry, Extent, ExtentType, File, Parts};

use super::Result;
use super::shape::{Calls, number};
use super::time;

/// First and last of something.
pub type Range = Option<(i64, i64)>;

/// The ranges of a file's calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ranges {
    /// Order ids.
    pub ids: Range,
    /// Times, in nanoseconds since the epoch.
    pub times: Range,
}

/// How much is read to find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Of each type the first and the last extent, since extents of a type follow one another in time.
    Ends,
    /// Every extent.
    All,
}

impl Ranges {
    /// The ranges of `file`.
    ///
    /// # Errors
    /// An extent that is damaged.
    pub fn of(file: &File, effort: Effort) -> Result<Self> {
        let mut ranges = Self::default();
        let mut extent = Extent::empty(ExtentType::index_type());
        for ty in file.types().iter() {
            let Some(calls) = Calls::of(ty) else { continue };
            let of_type = |entry: &&Entry| Arc::ptr_eq(&entry.extent_type, ty);
            let entries: Vec<&Entry> = file.entries().iter().filter(of_type).collect();
            let entries: &[&Entry] = &entries;
            let wanted: Vec<&Entry> = match (effort, entries) {
                (Effort::Ends, [first, .., last]) => vec![first, last],
                (_, all) => all.to_vec(),
            };
            for entry in wanted {
                file.read(entry)?.unpack_into(&mut extent, Parts::Fixed, file.checks())?;
                for row in extent.rows().filter(|row| !calls.is_element(row)) {
                    let id = row.int64(&calls.unique_id);
                    widen(&mut ranges.ids, id);
                    let times = [&calls.time_called, &calls.time_returned];
                    for time in times.into_iter().filter_map(|column| number(&row, column.as_ref()))
                    {
                        // The first record of old traces has whole seconds, which are too early.
                        if !time::is_coarse(time) {
                            widen(&mut ranges.times, time::nanoseconds(time));
                        }
                    }
                }
            }
        }
        Ok(ranges)
    }
}

fn widen(range: &mut Range, value: i64) {
    *range = Some(match *range {
        None => (value, value),
        Some((from, to)) => (from.min(value), to.max(value)),
    });
}
