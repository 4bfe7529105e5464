//! Recorded calls, ready to be replayed.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use abi::Row;
use dataseries::{Column, Extent, Value};

use crate::digest::Digest;
use crate::follow::Named;
use crate::report::Reason;

/// What is due next in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A call, of the record type of this number.
    Call(u32),
    /// The task ends: its descriptors are closed.
    TaskEnd,
}

/// One recorded call, or the end of a task.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// What it is.
    pub what: What,
    /// Who made it: the task's number in the order of appearance.
    pub task: u32,
    /// The task that it created, if it did.
    pub child: Option<u32>,
    /// Its place in the order.
    pub unique_id: i64,
    /// Its number in the trace, from 0.
    pub position: u64,
    /// The first position by which the call may be entered: all that returned before it was called are
    /// earlier.
    pub ready_at: u64,
    /// When it was entered, in the trace's unit; 0 if that isn't known.
    pub time_called: i64,
    /// When it returned, likewise.
    pub time_returned: i64,
    /// What it returned; −1 on failure.
    pub return_value: i64,
    /// The positive errno of a failed call, else 0.
    pub errno_number: i32,
    /// Whether it returned at all.
    pub returned: bool,
    /// Whether the recorder missed some of its data.
    pub incomplete: bool,
    /// Why its call isn't made, where that is known before its turn comes.
    pub skipped: Option<Reason>,
    /// Whether the trace has no later call of this type.
    pub is_last: bool,
    /// Its rows in the batch.
    pub(crate) first_row: u32,
    pub(crate) row_count: u32,
}

impl Record {
    /// The end of `task`, at order id `id`.
    pub(crate) fn end_of(task: u32, id: i64) -> Self {
        Self {
            what: What::TaskEnd,
            task,
            child: None,
            unique_id: id,
            position: 0,
            ready_at: 0,
            time_called: 0,
            time_returned: 0,
            return_value: 0,
            errno_number: 0,
            returned: false,
            incomplete: false,
            skipped: None,
            is_last: false,
            first_row: 0,
            row_count: 0,
        }
    }

    /// Whether the recorded call succeeded.
    pub fn succeeded(&self) -> bool {
        self.returned && self.errno_number == 0
    }
}

/// A task that comes up for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewTask {
    /// The kernel's id of it when it was recorded.
    pub id: i32,
    /// Whether a call of the trace created it. The first task is not announced, and neither are those
    /// whose creation wasn't recorded.
    pub announced: bool,
}

/// Consecutive records, and the memory that their rows lie in.
#[derive(Debug, Default)]
pub struct Batch {
    /// The records.
    pub records: Vec<Record>,
    /// Tasks that begin with a record of this batch, numbered on from those of earlier batches.
    pub tasks: Vec<NewTask>,
    /// What each of the records is on, if somebody has to know.
    pub on: Vec<Vec<Named>>,
    rows: Vec<Row>,
    /// Of each row, its extent and its number there.
    places: Vec<(u32, u32)>,
    /// Of each row up to the last one that has it, the digest of the value that is compared by it.
    digests: Vec<Option<Digest>>,
    /// The extents, and how many bytes a row of each has on average.
    extents: Vec<(Arc<Extent>, usize)>,
    weight: usize,
    done: AtomicUsize,
}

/// Bytes of a row that are asked for ahead.
const MOST_FETCHED: usize = 256;

/// Asks the processor for the memory from `start` on, if there is any; nothing waits for it.
#[inline]
fn prefetch(start: *const u8, length: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..length).step_by(64) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: the instruction reads nothing, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(line).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (start, length);
}

// SAFETY: the rows point into the extents that the batch keeps, which nobody changes.
unsafe impl Send for Batch {}
// SAFETY: as above.
unsafe impl Sync for Batch {}

impl Batch {
    /// One with memory for `records` records of one row each.
    pub(crate) fn with_capacity(records: usize) -> Self {
        Self {
            records: Vec::with_capacity(records),
            rows: Vec::with_capacity(records),
            places: Vec::with_capacity(records),
            ..Self::default()
        }
    }

    /// The rows of `record`, which is one of this batch.
    pub fn rows(&self, record: &Record) -> &[Row] {
        &self.rows[record.first_row as usize..][..record.row_count as usize]
    }

    /// Row `index` of `record`, which is one of this batch, by its columns.
    ///
    /// # Panics
    /// If the record has no such row.
    pub fn cells(&self, record: &Record, index: usize) -> dataseries::Row<'_> {
        assert!(index < record.row_count as usize, "a record has so many rows");
        let (extent, row) = self.places[record.first_row as usize + index];
        self.extents[extent as usize].0.row(row as usize)
    }

    /// Asks the processor for record `index`, and for the rows of the one before it that was asked for: they come from
    /// the processor that read them while the calls before them are made.
    #[inline]
    pub(crate) fn prefetch(&self, record: Option<usize>, rows_of: Option<usize>) {
        if let Some(record) = record.and_then(|index| self.records.get(index)) {
            prefetch(std::ptr::from_ref(record).cast(), size_of::<Record>());
        }
        if let Some(record) = rows_of.and_then(|index| self.records.get(index))
            && let Some(row) = self.rows.get(record.first_row as usize)
        {
            prefetch(row.fixed, MOST_FETCHED);
        }
    }

    /// The digest of the long value that row `index` of `record` has, where it was asked for.
    pub(crate) fn digest(&self, record: &Record, index: usize) -> Option<Digest> {
        *self.digests.get(record.first_row as usize + index)?
    }

    /// Counts `count` of its records as done; the positions of all, if these were the last.
    pub(crate) fn finish(&self, count: usize) -> Option<Range<u64>> {
        let done = self.done.fetch_add(count, Ordering::AcqRel) + count;
        let (first, last) = (self.records.first()?, self.records.last()?);
        (done == self.records.len()).then(|| first.position..last.position + 1)
    }

    /// Bytes of its rows, by the averages of their extents.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// How many rows there are so far.
    pub(crate) fn row_count(&self) -> u32 {
        self.rows.len() as u32
    }

    /// Adds row `row` of `extent`, with a digest of its value in column `digested`.
    pub(crate) fn push_row(&mut self, extent: &Arc<Extent>, row: usize, digested: Option<&Column>) {
        if let Some(column) = digested
            && let Value::Bytes(bytes) = extent.row(row).get(column)
            && let Some(digest) = Digest::of(bytes)
        {
            self.digests.resize(self.rows.len(), None);
            self.digests.push(Some(digest));
        }
        let size = extent.record_size();
        let fixed = extent.fixed()[row * size..][..size].as_ptr();
        // A plugin reads through the pool's offsets without looking at its bounds.
        let pool = extent.pool().filter(|_| extent.offsets_checked());
        let pool = pool.map_or(std::ptr::null(), <[u8]>::as_ptr);
        self.rows.push(Row { fixed, pool });
        let extent = self.keep(extent);
        self.weight += self.extents[extent].1;
        self.places.push((extent as u32, row as u32));
    }

    /// Keeps `extent` as long as the batch; returns its number there.
    fn keep(&mut self, extent: &Arc<Extent>) -> usize {
        // Rows of one type come from one extent for a long while, and few types alternate.
        let kept = self.extents.iter().rposition(|(kept, _)| Arc::ptr_eq(kept, extent));
        kept.unwrap_or_else(|| {
            self.extents.push((extent.clone(), extent.size() / extent.row_count().max(1)));
            self.extents.len() - 1
        })
    }
}
