//! From the backend to the file: batches of events go to one thread that makes rows of them, and full
//! extents to another that compresses and writes.
//!
//! Both queues are bounded. A backend that is faster than the disk waits; nothing is dropped.

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};
use dataseries::{Compression, Packed};

use crate::encode::{Encoder, Totals};
use crate::event::{Batch, Event};
use crate::sink::{Sink, SinkError};

/// A batch is handed on when it holds this many bytes of memory.
const BATCH_BYTES: usize = 1 << 20;
/// Or this many events.
const BATCH_EVENTS: usize = 1024;
/// Or when its first event is this old, in nanoseconds.
const BATCH_AGE: i64 = 100_000_000;

/// Batches and extents on their way. With what a batch may hold, this bounds the memory in use.
const WAITING: usize = 16;

/// Takes events from a backend.
#[derive(Debug)]
pub struct Producer {
    batch: Batch,
    started: i64,
    full: Sender<Batch>,
    empty: Receiver<Batch>,
}

impl Producer {
    /// The batch that the next event goes to: memory of that event is put here first.
    pub fn batch(&mut self) -> &mut Batch {
        &mut self.batch
    }

    /// Adds `event`.
    pub fn push(&mut self, event: Event) {
        if let Event::Call(call) = &event {
            if self.batch.events.is_empty() {
                self.started = call.time_returned;
            }
            let age = call.time_returned - self.started;
            let full = self.batch.bytes.len() >= BATCH_BYTES
                || self.batch.events.len() >= BATCH_EVENTS
                || age >= BATCH_AGE;
            self.batch.events.push(event);
            if full {
                self.send();
            }
        } else {
            self.batch.events.push(event);
        }
    }

    /// Hands on what there is.
    pub fn finish(mut self) {
        self.send();
    }

    fn send(&mut self) {
        let empty = self.empty.try_recv().unwrap_or_default();
        // If the encoder is gone, its error is met when it is joined.
        let _ = self.full.send(std::mem::replace(&mut self.batch, empty));
    }
}

/// The threads between backend and file.
#[derive(Debug)]
pub struct Pipeline {
    encoder: JoinHandle<Result<Totals, SinkError>>,
    writer: JoinHandle<Result<Sink, SinkError>>,
}

impl Pipeline {
    /// Starts the threads: rows by `encoder`, extents compressed with `compression` into `sink`.
    pub fn start(
        mut encoder: Encoder,
        mut sink: Sink,
        compression: Compression,
    ) -> (Self, Producer) {
        let (full, batches) = bounded::<Batch>(WAITING);
        let (used, empty) = bounded(WAITING);
        let (packed, extents) = bounded::<Packed>(WAITING);
        let encoder = std::thread::spawn(move || {
            let mut hand_on = |extent| packed.send(extent).map_err(|_| SinkError::Gone);
            for mut batch in batches {
                encoder.encode(&batch, &mut hand_on)?;
                batch.events.clear();
                batch.blobs.clear();
                batch.bytes.clear();
                batch.bytes.shrink_to(4 * BATCH_BYTES);
                let _ = used.try_send(batch);
            }
            encoder.finish(&mut hand_on)
        });
        let writer = std::thread::spawn(move || {
            for mut extent in extents {
                sink.write(&mut extent, &compression)?;
            }
            Ok(sink)
        });
        let producer = Producer { batch: Batch::default(), started: 0, full, empty };
        (Self { encoder, writer }, producer)
    }

    /// Waits until everything that was produced is in the file, which stays open.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn join(self) -> Result<(Totals, Sink), SinkError> {
        let encoded = self.encoder.join().expect("the encoder's own invariants hold");
        let sink = self.writer.join().expect("the writer's own invariants hold")?;
        Ok((encoded?, sink))
    }
}

/// The record types of a trace, by plan; shared by all that write rows.
pub type Types = Arc<[Arc<dataseries::ExtentType>]>;
