//! The trace's batches on their way from the reader to the tasks.

use std::collections::VecDeque;
use std::sync::Arc;

use crossbeam_channel::{Receiver, never};

use crate::record::{Batch, Record};
use crate::trace::TraceError;

/// What the reader sends.
pub type Read = Result<Batch, TraceError>;

/// A batch and where it is in the trace.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Position of its first record.
    pub first: u64,
    /// The records.
    pub batch: Arc<Batch>,
}

/// A place in the trace.
#[derive(Clone, Debug)]
pub struct Cursor {
    loaded: Loaded,
    index: usize,
}

impl Cursor {
    /// The start of a batch.
    pub fn start(loaded: Loaded) -> Self {
        Self { loaded, index: 0 }
    }

    /// Number of the record, from 0.
    #[inline]
    pub fn position(&self) -> u64 {
        self.loaded.first + self.index as u64
    }

    /// The record, and the batch that has its rows; none at the end of the batch.
    #[inline]
    pub fn record(&self) -> Option<(&Arc<Batch>, &Record)> {
        Some((&self.loaded.batch, self.loaded.batch.records.get(self.index)?))
    }

    /// Goes on by one record.
    #[inline]
    pub fn advance(&mut self) {
        self.index += 1;
    }
}

/// Batches that are loaded: those of the records that are due, and those that were looked into ahead.
#[derive(Debug)]
pub struct Feed {
    reader: Receiver<Read>,
    window: VecDeque<Loaded>,
    /// Position after the last record that is loaded.
    end: u64,
    is_over: bool,
}

impl Feed {
    /// Takes what `reader` sends.
    pub fn new(reader: Receiver<Read>) -> Self {
        Self { reader, window: VecDeque::new(), end: 0, is_over: false }
    }

    /// The batch that starts at `position`; none after the last. Lets go of those before it.
    ///
    /// # Errors
    /// The trace is damaged there.
    pub fn at(&mut self, position: u64) -> Result<Option<Loaded>, TraceError> {
        while self.window.front().is_some_and(|loaded| loaded.first < position) {
            self.window.pop_front();
        }
        if self.window.is_empty() && !self.load()? {
            return Ok(None);
        }
        Ok(self.window.front().cloned())
    }

    /// Loads one more batch; false if there is none.
    ///
    /// # Errors
    /// The trace is damaged there.
    pub fn load(&mut self) -> Result<bool, TraceError> {
        if self.is_over {
            return Ok(false);
        }
        let Ok(read) = self.reader.recv() else {
            self.is_over = true;
            return Ok(false);
        };
        let batch = read?;
        let loaded = Loaded { first: self.end, batch: Arc::new(batch) };
        self.end += loaded.batch.records.len() as u64;
        self.window.push_back(loaded);
        Ok(true)
    }

    /// The loaded records from `position` on, each as the cursor to it.
    pub fn from(&self, position: u64) -> impl Iterator<Item = Cursor> + '_ {
        let cursors = self.window.iter().flat_map(|loaded| {
            let count = loaded.batch.records.len();
            (0..count).map(move |index| Cursor { loaded: loaded.clone(), index })
        });
        cursors.skip_while(move |cursor| cursor.position() < position)
    }

    /// Wants nothing more of the reader, which so comes to its end.
    pub fn close(&mut self) {
        self.reader = never();
        self.is_over = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(sizes: &[usize]) -> Feed {
        let (sender, reader) = crossbeam_channel::unbounded();
        for size in sizes {
            let records = (0..*size).map(|id| Record::end_of(0, id as i64)).collect();
            sender.send(Ok(Batch { records, ..Batch::default() })).expect("somebody listens");
        }
        Feed::new(reader)
    }

    #[test]
    fn batches_come_in_order_whether_looked_into_before_or_not() {
        let mut feed = feed(&[3, 2, 1]);
        let first = feed.at(0).expect("no error").expect("a batch");
        assert_eq!(first.first, 0);
        assert!(feed.load().expect("no error"), "one more ahead");
        let ahead: Vec<_> = feed.from(1).map(|cursor| cursor.position()).collect();
        assert_eq!(ahead, [1, 2, 3, 4]);
        assert_eq!(feed.at(3).expect("no error").expect("a batch").first, 3);
        assert_eq!(feed.at(5).expect("no error").expect("a batch").first, 5);
        assert!(feed.at(6).expect("no error").is_none());
        assert!(!feed.load().expect("no error"));
    }

    #[test]
    fn a_closed_feed_is_at_its_end() {
        let mut feed = feed(&[1, 1]);
        feed.close();
        assert!(feed.at(0).expect("no error").is_none());
    }
}
