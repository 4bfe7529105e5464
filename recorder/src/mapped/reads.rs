//! What programs may read through mappings of files, which no call tells: the content of each page, once, as it is
//! when it is first mapped.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};

use abi::effect;
use replay_schema::Observed;

use super::maps::mappings;
use super::{Look, MOST_BYTES, pages::PAGE};
use crate::event::Blob;
use crate::plan::{Plan, Plans};

/// Pages of one record at most.
const RUN: usize = 64;

/// A state of a file: device, inode, and when it was last changed.
type State = (u64, u64, i64, i64);

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Pages that were recorded.
    pub pages: u64,
    /// Mappings whose content wasn't: too large, or not to be read.
    pub unread: u64,
}

/// The pages that were recorded.
#[derive(Debug)]
pub struct Reads {
    /// The plan of the record type.
    plan: usize,
    fetches: usize,
    files: HashMap<State, BTreeSet<u64>>,
    totals: Totals,
}

impl Reads {
    /// Nothing is mapped yet. None if no enabled plugin has a record type for it.
    pub fn new(plans: &Plans) -> Option<Self> {
        let plan = plans.loaded?;
        let fetches = plans.plan(plan).call.fetches.len();
        Some(Self { plan, fetches, files: HashMap::new(), totals: Totals::default() })
    }

    /// What came of it.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// The call of `plan` was made, and succeeded: what it mapped is recorded.
    pub fn after(&mut self, plan: &Plan, observed: &Observed<'_>, look: &mut Look<'_>) {
        if plan.call.effects & effect::LOADS == 0 {
            return;
        }
        let Some((address, 0)) = observed.returned else { return };
        let Some(descriptor) = plan.descriptor(observed) else { return };
        let path = format!("/proc/{}/fd/{descriptor}", look.task);
        let Ok(metadata) = fs::metadata(&path) else { return };
        let all = mappings(look.task);
        let found = all.iter().find(|found| found.start == address as u64 && found.key.2 != 0);
        let (Some(found), true) = (found, metadata.is_file()) else { return };
        let state = (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec());
        let first = found.offset / PAGE;
        let last = found.offset.saturating_add(found.length).min(metadata.size()).div_ceil(PAGE);
        if last.saturating_sub(first) > MOST_BYTES / PAGE {
            self.totals.unread += 1;
            return;
        }
        let known = self.files.entry(state).or_default();
        let new: Vec<u64> = (first..last).filter(|page| !known.contains(page)).collect();
        if new.is_empty() {
            return;
        }
        let pages = self.totals.pages + new.len() as u64;
        let (Ok(file), true) = (File::open(&path), pages * PAGE <= MOST_BYTES) else {
            self.totals.unread += 1;
            return;
        };
        self.totals.pages = pages;
        known.extend(&new);
        let runs = new.chunk_by(|page, next| page + 1 == *next);
        for run in runs.flat_map(|run| run.chunks(RUN)) {
            let address = address as u64 + (run[0] - first) * PAGE;
            let arguments = [descriptor as u64, address, 0, run[0] * PAGE, 0, 0];
            record(self.plan, self.fetches, &file, arguments, run.len(), look);
        }
    }
}

/// Records `pages` pages of `file`, from the place that `arguments` say.
fn record(
    plan: usize,
    fetches: usize,
    file: &File,
    mut arguments: [u64; 6],
    pages: usize,
    look: &mut Look<'_>,
) {
    let mut bytes = vec![0; pages * PAGE as usize];
    let mut filled = 0;
    // What can't be read ends it.
    while let Ok(count @ 1..) = file.read_at(&mut bytes[filled..], arguments[3] + filled as u64) {
        filled += count;
    }
    if filled == 0 {
        return;
    }
    arguments[2] = filled as u64;
    let batch = look.producer.batch();
    let (first, start) = (batch.blobs.len(), batch.bytes.len());
    batch.bytes.extend_from_slice(&bytes[..filled]);
    batch.blobs.push(Blob::Copied(start..start + filled));
    batch.blobs.resize(first + fetches.max(1), Blob::Absent);
    let blobs = first..batch.blobs.len();
    look.record(plan, arguments, filled as u64, blobs);
}
