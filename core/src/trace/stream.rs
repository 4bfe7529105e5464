//! The records of one type in one file, one after the other.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use dataseries::{Checks, Column, Entry, Extent, File, Parts};
use replay_schema::Returns;

use crate::record::{Batch, Record, What};
use crate::trace::merge::BATCH_WEIGHT;
use crate::trace::types::{Common, RecordType, Rows};

/// Rows of an extent, by the extent and their number in it.
type RowAt = (Arc<Extent>, usize);

/// Bytes of extents that nobody reads any more, and whose buffers are kept for the next ones: as many as are given
/// up at a time.
const MOST_SPARE: usize = BATCH_WEIGHT;

/// The number of a record's first or last row where rows are numbered.
const EDGE: i32 = -1;

/// The kernel's errors are below this.
const MOST_ERRNO: i64 = 4096;

/// From here on a time of the years 2000 to 2096 is in units of 2⁻³² s, below it in nanoseconds (trace
/// schema, §4).
const LEAST_TFRAC: i64 = 4_000_000_000_000_000_000;

/// Up to here a time of these years is in seconds, as those of the first record are (trace schema, §8, D4).
const MOST_SECONDS: i64 = 1 << 32;

/// A common time column's value in nanoseconds, whatever it is in.
fn nanoseconds(time: i64) -> i64 {
    match time {
        ..=MOST_SECONDS => time.saturating_mul(1_000_000_000),
        LEAST_TFRAC.. => ((i128::from(time) * 1_000_000_000) >> 32) as i64,
        _ => time,
    }
}

/// Takes the records of one type from its extents.
pub(super) struct Stream {
    kind: u32,
    /// Whether the trace is by the original recorder.
    is_reference: bool,
    makes_descriptor: bool,
    common: Common,
    rows: Rows,
    parts: Parts,
    digested: Option<Column>,
    file: Arc<File>,
    entries: VecDeque<Entry>,
    extent: Option<Arc<Extent>>,
    /// How many rows it has.
    count: usize,
    /// Extents before it, of which batches may still have rows.
    used: VecDeque<Arc<Extent>>,
    /// Rows in the order in which they are taken, where the extent has them in another.
    sorted: Option<Vec<u32>>,
    /// Next row, as `sorted` counts.
    next: usize,
    /// Rows of records whose last row hasn't come yet, by task.
    begun: HashMap<i32, Vec<RowAt>>,
    /// Records whose last row never came, and rows whose first one didn't.
    pub unfinished: u64,
}

impl Stream {
    pub fn new(kind: u32, ty: &RecordType, is_reference: bool) -> Self {
        let returns = ty.call.as_ref().map(|call| call.returns);
        Self {
            kind,
            is_reference,
            makes_descriptor: returns == Some(Returns::Descriptor),
            common: ty.common.clone(),
            rows: ty.rows.clone(),
            parts: ty.parts,
            digested: ty.digested.and_then(|at| ty.columns[at].clone()),
            file: ty.file.clone(),
            entries: ty.entries.iter().cloned().collect(),
            extent: None,
            count: 0,
            used: VecDeque::new(),
            sorted: None,
            next: 0,
            begun: HashMap::new(),
            unfinished: 0,
        }
    }

    pub fn kind(&self) -> u32 {
        self.kind
    }

    /// The order id of the next record; none after the last.
    pub fn peek(&mut self) -> Result<Option<i64>, dataseries::Error> {
        loop {
            if !self.advance()? {
                self.unfinished += self.begun.drain().count() as u64;
                return Ok(None);
            }
            let (extent, row) = self.row();
            let cells = extent.row(row);
            if let Rows::TailLast(number) = &self.rows
                && cells.int32(number) != EDGE
            {
                let task = cells.int32(&self.common.task);
                let begun = (extent.clone(), row);
                self.begun.entry(task).or_default().push(begun);
                self.next += 1;
                continue;
            }
            if let Rows::HeadFirst(number) = &self.rows
                && cells.int32(number) != EDGE
            {
                // The extent with its first row is lost.
                self.unfinished += 1;
                self.next += 1;
                continue;
            }
            return Ok(Some(cells.int64(&self.common.unique_id)));
        }
    }

    /// The next record, but for the number of its task, and the kernel's id of that; its rows are added to `batch`.
    /// `peek` found one.
    pub fn take(&mut self, batch: &mut Batch) -> Result<(Record, i32), dataseries::Error> {
        let first_row = batch.row_count();
        let (extent, row) = self.row();
        if let Rows::TailLast(_) = self.rows {
            let of_task = extent.row(row).int32(&self.common.task);
            for (extent, row) in self.begun.remove(&of_task).unwrap_or_default() {
                batch.push_row(&extent, row, self.digested.as_ref());
            }
        }
        let (extent, row) = self.row();
        let (cells, common) = (extent.row(row), &self.common);
        batch.push_row(extent, row, self.digested.as_ref());
        let returned = !cells.is_null(&common.return_value);
        let time = |column: &Option<Column>| {
            let column = column.as_ref().filter(|column| !cells.is_null(column));
            column.map_or(0, |column| cells.int64(column))
        };
        let incomplete =
            common.buffer_not_captured.as_ref().is_some_and(|column| !cells.is_null(column));
        let id = cells.int64(&common.unique_id);
        let mut record = Record {
            what: What::Call(self.kind),
            time_called: time(&common.time_called),
            time_returned: time(&common.time_returned),
            return_value: if returned { cells.int64(&common.return_value) } else { 0 },
            errno_number: if returned { cells.int32(&common.errno_number) } else { 0 },
            returned,
            incomplete,
            ..Record::end_of(0, id)
        };
        if self.is_reference {
            self.normalise(&mut record);
        }
        let of_task = cells.int32(&common.task);
        self.next += 1;
        if let Rows::HeadFirst(_) = self.rows {
            while self.advance()? && self.follows(of_task) {
                let (extent, row) = self.row();
                batch.push_row(extent, row, self.digested.as_ref());
                self.next += 1;
            }
        }
        record.first_row = first_row;
        record.row_count = batch.row_count() - first_row;
        Ok((record, of_task))
    }

    /// Two ways in which traces of the original tools say that a call failed, made one (trace schema, §11):
    /// −1 with an errno, and a negative errno alone, for which −1 stands where a file wasn't there.
    fn normalise(&self, record: &mut Record) {
        if record.errno_number == 0 && (-MOST_ERRNO..0).contains(&record.return_value) {
            record.errno_number = match record.return_value {
                -1 if self.makes_descriptor => libc::ENOENT,
                value => -value as i32,
            };
            record.return_value = -1;
        }
        for time in [&mut record.time_called, &mut record.time_returned] {
            *time = nanoseconds(*time);
        }
    }

    /// Whether the next row is one of a record of `task` whose first row came before it.
    fn follows(&self, task: i32) -> bool {
        let Rows::HeadFirst(number) = &self.rows else { return false };
        let (extent, row) = self.row();
        let cells = extent.row(row);
        cells.int32(number) != EDGE && cells.int32(&self.common.task) == task
    }

    /// The next row, in the extent that has it: after [`Self::advance`] found one.
    fn row(&self) -> (&Arc<Extent>, usize) {
        let extent = self.extent.as_ref().expect("there is a next row");
        (extent, self.sorted.as_ref().map_or(self.next, |sorted| sorted[self.next] as usize))
    }

    /// Goes on to the extent that has the next row; false if there is none.
    #[inline]
    fn advance(&mut self) -> Result<bool, dataseries::Error> {
        if self.next < self.count { Ok(true) } else { self.advance_extent() }
    }

    /// As [`Self::advance`], where the extent has no more rows.
    #[cold]
    fn advance_extent(&mut self) -> Result<bool, dataseries::Error> {
        while self.next >= self.count {
            let Some(entry) = self.entries.pop_front() else { return Ok(false) };
            let checks = Checks { bjhash: false, ..Checks::ALL };
            let stored = self.file.read(&entry)?;
            self.used.extend(self.extent.take());
            let mut extent = self.spare().unwrap_or_else(|| Extent::empty(stored.extent_type()));
            stored.unpack_into(&mut extent, self.parts, &checks)?;
            let extent = Arc::new(extent);
            self.sorted = self.sort(&extent);
            (self.next, self.count) = (0, extent.row_count());
            self.extent = Some(extent);
        }
        Ok(true)
    }

    /// An extent that nobody reads any more: its buffers are warm, and needn't be cleared.
    fn spare(&mut self) -> Option<Extent> {
        let unread = self.used.iter().take_while(|used| Arc::strong_count(used) == 1);
        let (mut count, mut size) = (0, 0);
        for extent in unread {
            (count, size) = (count + 1, size + extent.size());
        }
        while count > 1 && size > MOST_SPARE {
            (count, size) = (count - 1, size - self.used.pop_front()?.size());
        }
        (count > 0).then(|| self.used.pop_front().and_then(Arc::into_inner)).flatten()
    }

    /// The rows in the order of their ids, if that isn't the order they are in. Of rows that belong
    /// together the ids say nothing in old traces (trace schema, §8, D15): they stay where they are, or
    /// come together.
    fn sort(&self, extent: &Extent) -> Option<Vec<u32>> {
        match &self.rows {
            Rows::Single => {}
            Rows::HeadFirst(number) => return self.gather(extent, number),
            Rows::TailLast(_) => return None,
        }
        let id = |row: usize| extent.row(row).int64(&self.common.unique_id);
        if extent.rows().map(|row| row.int64(&self.common.unique_id)).is_sorted() {
            return None;
        }
        let mut rows: Vec<u32> = (0..extent.row_count() as u32).collect();
        rows.sort_by_key(|row| id(*row as usize));
        Some(rows)
    }

    /// The rows with those of one record together, behind its first one, if other tasks' rows came between
    /// them.
    fn gather(&self, extent: &Extent, number: &Column) -> Option<Vec<u32>> {
        let task = |row: usize| extent.row(row).int32(&self.common.task);
        let is_head = |row: usize| extent.row(row).int32(number) == EDGE;
        if (1..extent.row_count()).all(|row| is_head(row) || task(row) == task(row - 1)) {
            return None;
        }
        // Each row goes to the last first row of its task; rows of a record that began in an earlier extent
        // come before all others.
        let mut heads = HashMap::new();
        let mut keys = Vec::with_capacity(extent.row_count());
        for row in 0..extent.row_count() {
            if is_head(row) {
                heads.insert(task(row), row + 1);
            }
            keys.push(heads.get(&task(row)).copied().unwrap_or(0));
        }
        let mut rows: Vec<u32> = (0..extent.row_count() as u32).collect();
        rows.sort_by_key(|row| keys[*row as usize]);
        Some(rows)
    }
}
