//! The calls of a trace in the order of their ids, whatever type and file they are in.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use dataseries::{Entry, Extent, ExtentType, Files, Parts, Row};

use super::Result;
use super::normalize::Normalizer;
use super::shape::Calls;

/// A place in the order: which stream, and which row of its extent.
#[derive(Clone, Copy, Debug)]
pub struct At {
    stream: usize,
    row: usize,
}

/// Rows of calls, merged from one stream for each type of each file.
pub struct Ordered<'f> {
    files: &'f Files,
    normalizer: Option<&'f Normalizer<'f>>,
    streams: Vec<Stream>,
    queue: BinaryHeap<Reverse<(i64, usize)>>,
    is_started: bool,
    current: Option<usize>,
}

struct Stream {
    file: usize,
    ty: Arc<ExtentType>,
    calls: Calls,
    parts: Parts,
    entries: VecDeque<Entry>,
    extent: Extent,
    /// Ids and rows, in order.
    rows: Vec<(i64, u32)>,
    next: usize,
    /// The id of the last row that had one of its own.
    last_id: i64,
}

impl<'f> Ordered<'f> {
    /// The calls of the types that are wanted; `parts` says what is needed of their rows, none if they
    /// aren't wanted.
    pub fn new(
        files: &'f Files,
        normalizer: Option<&'f Normalizer<'f>>,
        mut parts: impl FnMut(&Arc<ExtentType>) -> Result<Option<Parts>>,
    ) -> Result<Self> {
        let mut streams = Vec::new();
        for (number, file) in files.iter().enumerate() {
            for ty in file.types().iter() {
                let Some(calls) = Calls::of(ty) else { continue };
                let Some(parts) = parts(ty)? else { continue };
                let of_type = |entry: &&Entry| Arc::ptr_eq(&entry.extent_type, ty);
                let entries: VecDeque<Entry> =
                    file.entries().iter().filter(of_type).cloned().collect();
                if !entries.is_empty() {
                    streams.push(Stream {
                        file: number,
                        ty: ty.clone(),
                        calls,
                        parts,
                        entries,
                        extent: Extent::empty(ty),
                        rows: Vec::new(),
                        next: 0,
                        last_id: i64::MIN,
                    });
                }
            }
        }
        let queue = BinaryHeap::new();
        Ok(Self { files, normalizer, streams, queue, is_started: false, current: None })
    }

    /// Whether `ty` is one whose calls can be put in order.
    pub fn takes(ty: &ExtentType) -> bool {
        Calls::of(ty).is_some()
    }

    /// The next row; none after the last. The row before it is gone then.
    ///
    /// # Errors
    /// An extent that is damaged.
    pub fn next(&mut self) -> Result<Option<At>> {
        if !self.is_started {
            self.is_started = true;
            for stream in 0..self.streams.len() {
                self.enqueue(stream)?;
            }
        }
        if let Some(stream) = self.current.take() {
            self.streams[stream].next += 1;
            self.enqueue(stream)?;
        }
        let Some(Reverse((_, stream))) = self.queue.pop() else { return Ok(None) };
        self.current = Some(stream);
        let row = self.streams[stream].rows[self.streams[stream].next].1 as usize;
        Ok(Some(At { stream, row }))
    }

    /// The type of a row, and the row itself.
    pub fn row(&self, at: At) -> (&Arc<ExtentType>, Row<'_>) {
        let stream = &self.streams[at.stream];
        (&stream.ty, stream.extent.row(at.row))
    }

    /// The type of a row, what its columns say of calls, and the row.
    pub fn call(&self, at: At) -> (&Arc<ExtentType>, &Calls, Row<'_>) {
        let stream = &self.streams[at.stream];
        (&stream.ty, &stream.calls, stream.extent.row(at.row))
    }

    /// Puts the stream in the queue by its next row, from its next extent if need be.
    fn enqueue(&mut self, index: usize) -> Result<()> {
        let stream = &mut self.streams[index];
        while stream.next == stream.rows.len() {
            let Some(entry) = stream.entries.pop_front() else {
                // Its memory is of no use any more.
                stream.extent = Extent::empty(&stream.ty);
                return Ok(());
            };
            let file = self.files.iter().nth(stream.file).expect("the stream is of a file");
            let stored = file.read(&entry)?;
            stored.unpack_into(&mut stream.extent, stream.parts, file.checks())?;
            if let Some(normalizer) = self.normalizer {
                normalizer.apply(&mut stream.extent);
            }
            stream.sort();
        }
        self.queue.push(Reverse((stream.rows[stream.next].0, index)));
        Ok(())
    }
}

impl Stream {
    /// Puts the rows of the extent in the order of their ids. Rows that belong to the row before them
    /// stay behind it: their own ids say nothing in old traces (trace schema, §8, D15).
    fn sort(&mut self) {
        self.rows.clear();
        self.next = 0;
        for (number, row) in self.extent.rows().enumerate() {
            if !self.calls.is_element(&row) {
                self.last_id = row.int64(&self.calls.unique_id);
            }
            self.rows.push((self.last_id, number as u32));
        }
        if !self.rows.is_sorted_by_key(|(id, _)| *id) {
            self.rows.sort_by_key(|(id, _)| *id);
        }
    }
}
