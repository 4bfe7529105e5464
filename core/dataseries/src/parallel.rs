//! Compressing on several threads.

use std::collections::VecDeque;
use std::io::Write;
use std::thread::JoinHandle;

use crossbeam_channel::Receiver;
use crossbeam_channel::Sender;
use crossbeam_channel::bounded;

use crate::compress::Compression;
use crate::error::Error;
use crate::header::ByteOrder;
use crate::packed::Packed;
use crate::stored::StoredExtent;
use crate::writer::Writer;

/// What a thread gives back: the compressed extent, and the buffers that it was in.
type Done = (Result<StoredExtent, Error>, Packed);

/// An extent on its way to a thread, and where that thread puts what comes of it.
type Job = (Packed, Sender<Done>);

/// An extent on its way into the file.
enum Pending {
    Compressing(Receiver<Done>),
    Stored(Box<StoredExtent>),
}

/// Compresses extents on threads and writes them in the order in which they came, so that the
/// file has the same bytes for any number of threads.
///
/// At most two extents for each thread are on their way; then the caller waits for the oldest.
/// So memory is bounded by the extents' size, whatever the file's.
pub struct ParallelWriter<W: Write> {
    writer: Writer<W>,
    jobs: Option<Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
    pending: VecDeque<Pending>,
    most_pending: usize,
    compression: Compression,
    spare: Vec<Packed>,
}

impl<W: Write> ParallelWriter<W> {
    /// Writes to `writer`, compressing on `threads` threads; with 0 or 1 on the caller's own.
    pub fn new(writer: Writer<W>, compression: Compression, threads: usize) -> ParallelWriter<W> {
        let mut parallel = ParallelWriter {
            writer,
            jobs: None,
            threads: Vec::new(),
            pending: VecDeque::new(),
            most_pending: 2 * threads,
            compression,
            spare: Vec::new(),
        };
        if threads > 1 {
            let (jobs, work) = bounded::<Job>(2 * threads);
            let order = parallel.writer.byte_order();
            for _ in 0..threads {
                let (work, compression) = (work.clone(), parallel.compression.clone());
                let thread = std::thread::spawn(move || serve(&work, order, &compression));
                parallel.threads.push(thread);
            }
            parallel.jobs = Some(jobs);
        }
        parallel
    }

    /// Empty buffers that were used before, for [`ExtentBuilder::take_into`].
    ///
    /// [`ExtentBuilder::take_into`]: crate::ExtentBuilder::take_into
    pub fn spare(&mut self) -> Packed {
        self.spare.pop().unwrap_or_default()
    }

    /// Compresses and writes an extent, sooner or later.
    ///
    /// # Errors
    /// This extent or one before it cannot be compressed or written.
    pub fn write(&mut self, mut extent: Packed) -> Result<(), Error> {
        let Some(jobs) = &self.jobs else {
            let stored = extent.compress_in(self.writer.byte_order(), &self.compression)?;
            self.spare.push(extent);
            return self.writer.write(&stored).map(drop);
        };
        let (result, done) = bounded(1);
        jobs.send((extent, result)).expect("the threads live as long as their channel");
        self.push(Pending::Compressing(done))
    }

    /// Writes an extent as it is stored, in its turn.
    ///
    /// # Errors
    /// As [`write`](ParallelWriter::write).
    pub fn copy(&mut self, stored: StoredExtent) -> Result<(), Error> {
        if self.pending.is_empty() {
            return self.writer.write(&stored).map(drop);
        }
        self.push(Pending::Stored(Box::new(stored)))
    }

    /// Waits until every extent so far is written: if the writer is killed afterwards, none of
    /// them is lost.
    ///
    /// # Errors
    /// One of them cannot be compressed or written.
    pub fn flush(&mut self) -> Result<(), Error> {
        while !self.pending.is_empty() {
            self.write_oldest()?;
        }
        self.writer.flush()
    }

    /// The extents that are written so far, and where.
    pub fn writer(&self) -> &Writer<W> {
        &self.writer
    }

    /// Writes everything, index and tail; gives back what was written to.
    ///
    /// # Errors
    /// Something cannot be compressed or written.
    pub fn finish(mut self) -> Result<W, Error> {
        while !self.pending.is_empty() {
            self.write_oldest()?;
        }
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A thread that panicked has already failed an extent above.
            let _ = thread.join();
        }
        self.writer.finish()
    }

    fn push(&mut self, pending: Pending) -> Result<(), Error> {
        self.pending.push_back(pending);
        while self.pending.len() > self.most_pending {
            self.write_oldest()?;
        }
        Ok(())
    }

    fn write_oldest(&mut self) -> Result<(), Error> {
        let stored = match self.pending.pop_front() {
            None => return Ok(()),
            Some(Pending::Stored(stored)) => *stored,
            Some(Pending::Compressing(done)) => {
                let (stored, spare) = done.recv().expect("a thread answers every job");
                self.spare.push(spare);
                stored?
            }
        };
        self.writer.write(&stored).map(drop)
    }
}

impl<W: Write> std::fmt::Debug for ParallelWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParallelWriter")
            .field("threads", &self.threads.len())
            .finish_non_exhaustive()
    }
}

/// What a thread does.
fn serve(work: &Receiver<Job>, order: ByteOrder, compression: &Compression) {
    for (mut extent, result) in work {
        let stored = extent.compress_in(order, compression);
        // Nobody waits any more if the writer was dropped.
        let _ = result.send((stored, extent));
    }
}
