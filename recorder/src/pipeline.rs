//! From the backend to the file: batches of events go to one thread that makes rows of them, and full
//! extents to another that compresses and writes.
//!
//! Both queues are bounded. A backend that is faster than the disk waits; nothing is dropped.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};

use dataseries::Packed;

use crate::agent::shared::Shared;
use crate::encode::{self, Encoder, Item, Totals};
use crate::event::{Batch, Event};
use crate::output::Output;
use crate::sink::SinkError;

/// A batch is handed on when it holds this many bytes of memory.
const BATCH_BYTES: usize = 1 << 20;
/// Or this many events.
const BATCH_EVENTS: usize = 1024;
/// Or when its first event is this old, in nanoseconds.
const BATCH_AGE: i64 = 100_000_000;

/// As often extents that aren't full are handed on where no batch comes.
const FLUSH_EVERY: Duration = Duration::from_nanos(encode::FLUSH_EVERY as u64);

/// Batches and extents on their way. With what a batch may hold, this bounds the memory in use.
const WAITING: usize = 16;

/// As many extents are compressed together at most.
const TOGETHER: usize = 8;
/// So long the first of them waits for others: side by side their hashes take an eighth of the time.
const GATHER: Duration = Duration::from_millis(20);
/// If so many more are waiting then, the writer has fallen behind.
const MANY: usize = 4;

/// Takes events from a backend.
#[derive(Debug)]
pub struct Producer {
    batch: Batch,
    started: i64,
    out: Out,
}

/// Where a producer's batches go.
#[derive(Debug)]
enum Out {
    /// To the encoder, when they are full; those that are used up come back.
    Encoder { full: Sender<Batch>, empty: Receiver<Batch> },
    /// To be merged with what comes out of rings, after every stop.
    Merger(Arc<Shared>),
}

impl Producer {
    /// A producer whose events are merged with what comes out of the rings of `shared`.
    pub fn merged(shared: Arc<Shared>) -> Self {
        Self { batch: Batch::default(), started: 0, out: Out::Merger(shared) }
    }

    /// What was seen at a stop is complete.
    pub fn settle(&mut self) {
        if let Out::Merger(_) = &self.out
            && !self.batch.events.is_empty()
        {
            self.send();
        }
        if let Out::Merger(shared) = &self.out {
            shared.end();
        }
    }

    /// The batch that the next event goes to: memory of that event is put here first.
    pub fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Adds `event`.
    pub fn push(&mut self, event: Event) {
        let mut is_old = false;
        if let Event::Call(call) = &event {
            if self.batch.events.is_empty() {
                self.started = call.time_returned;
            }
            is_old = call.time_returned.saturating_sub(self.started) >= BATCH_AGE;
        }
        self.batch.events.push(event);
        let is_full =
            self.batch.bytes.len() >= BATCH_BYTES || self.batch.events.len() > BATCH_EVENTS;
        // What is to be merged is handed on at the end of a stop, unless it is very much.
        if is_full || is_old && matches!(self.out, Out::Encoder { .. }) {
            self.send();
        }
    }

    /// A producer without a pipeline, and where its batches come out.
    pub fn detached() -> (Self, Receiver<Batch>) {
        let (full, batches) = unbounded();
        let (_, empty) = bounded(0);
        (Self { batch: Batch::default(), started: 0, out: Out::Encoder { full, empty } }, batches)
    }

    /// Asks for what is kept so far to be written.
    pub fn dump(&mut self, why: &'static str) {
        self.batch.events.push(Event::Dump(why));
        self.send();
    }

    /// Hands on what has waited for long, at `now`: the program may make no further call for a while.
    pub fn tick(&mut self, now: i64) {
        if !self.batch.events.is_empty() && now - self.started >= BATCH_AGE {
            self.send();
        }
    }

    /// Hands on `batch`, whose events come after all that were added.
    pub fn send_batch(&mut self, batch: Batch) {
        if !self.batch.events.is_empty() {
            self.send();
        }
        self.batch = batch;
        self.send();
    }

    /// Hands on what there is.
    pub fn finish(mut self) {
        self.send();
        if let Out::Merger(shared) = &self.out {
            shared.finish();
        }
    }

    fn send(&mut self) {
        match &self.out {
            Out::Encoder { full, empty } => {
                let empty = empty.try_recv().unwrap_or_default();
                // If the encoder is gone, its error is met when it is joined.
                let _ = full.send(std::mem::replace(&mut self.batch, empty));
            }
            Out::Merger(shared) => {
                shared.add(std::mem::take(&mut self.batch));
            }
        }
    }
}

fn named<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> JoinHandle<T> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.expect("a recorder without threads can't be")
}

/// The threads between backend and file.
#[derive(Debug)]
pub struct Pipeline {
    encoder: JoinHandle<Result<Totals, SinkError>>,
    writer: JoinHandle<Result<Output, SinkError>>,
}

impl Pipeline {
    /// Starts the threads: rows by `encoder`, extents into `output`.
    pub fn start(mut encoder: Encoder, mut output: Output) -> (Self, Producer) {
        let (full, batches) = bounded::<Batch>(WAITING);
        let (used, empty) = bounded(WAITING);
        let (packed, extents) = bounded::<Item>(WAITING);
        let (written, spare) = bounded(WAITING);
        encoder = encoder.with_spare(spare);
        let encoder = named("encoder", move || {
            let mut hand_on = |item| packed.send(item).map_err(|_| SinkError::Gone);
            loop {
                let mut batch = match batches.recv_timeout(FLUSH_EVERY) {
                    Ok(batch) => batch,
                    Err(RecvTimeoutError::Timeout) => {
                        encoder.flush(&mut hand_on)?;
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => break,
                };
                encoder.encode(&batch, &mut hand_on)?;
                batch.events.clear();
                batch.blobs.clear();
                batch.bytes.clear();
                batch.unseen.clear();
                batch.fields.clear();
                batch.bytes.shrink_to(4 * BATCH_BYTES);
                let _ = used.try_send(batch);
            }
            encoder.finish(&mut hand_on)
        });
        let writer = named("writer", move || {
            let mut together = Vec::new();
            while let Ok(first) = extents.recv() {
                let until = Instant::now() + GATHER;
                let others = std::iter::from_fn(|| extents.recv_deadline(until).ok());
                for item in std::iter::once(first).chain(others).take(TOGETHER) {
                    match item {
                        Item::Extent(extent) => together.push(extent),
                        Item::Dump(why) => {
                            output.write(&mut together, false)?;
                            together.clear();
                            output.dump(why)?;
                        }
                    }
                }
                output.write(&mut together, extents.len() >= MANY)?;
                let large = |extent: &Packed| extent.capacity() >= encode::EXTENT_SIZE / 2;
                for extent in together.drain(..).filter(large) {
                    let _ = written.try_send(extent);
                }
            }
            Ok(output)
        });
        let out = Out::Encoder { full, empty };
        let producer = Producer { batch: Batch::default(), started: 0, out };
        (Self { encoder, writer }, producer)
    }

    /// Waits until everything that was produced is written, or kept.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn join(self) -> Result<(Totals, Output), SinkError> {
        let encoded = self.encoder.join().expect("the encoder's own invariants hold");
        let output = self.writer.join().expect("the writer's own invariants hold")?;
        Ok((encoded?, output))
    }
}
