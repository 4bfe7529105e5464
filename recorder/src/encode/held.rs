//! Calls with their memory, and those that wait until an earlier one returns.

use crate::event::{Batch, Blob, CallEvent, Field, FieldValue, Unseen};

/// A call that waits, with a copy of its memory.
#[derive(Debug)]
pub struct Held {
    pub event: CallEvent,
    pub memory: Batch,
}

/// A call, with the memory that belongs to it and what wasn't seen of it.
#[derive(Clone, Copy)]
pub struct Captured<'b> {
    pub event: &'b CallEvent,
    pub batch: &'b Batch,
    pub unseen: &'b [Unseen],
    pub given: &'b [Field],
}

impl Held {
    /// Keeps `call`, and a copy of its memory.
    pub fn new(call: &Captured<'_>) -> Self {
        let Captured { event, batch, unseen, given } = *call;
        let mut memory = Batch { unseen: unseen.to_vec(), ..Batch::default() };
        for field in given {
            let start = memory.bytes.len();
            let value = match &field.value {
                FieldValue::Number(number) => FieldValue::Number(*number),
                FieldValue::Bytes(range) => {
                    memory.bytes.extend_from_slice(&batch.bytes[range.clone()]);
                    FieldValue::Bytes(start..memory.bytes.len())
                }
            };
            memory.fields.push(Field { value, ..field.clone() });
        }
        for blob in &batch.blobs[event.blobs.clone()] {
            let start = memory.bytes.len();
            let blob = match blob {
                Blob::Absent => Blob::Absent,
                Blob::Copied(range) => {
                    memory.bytes.extend_from_slice(&batch.bytes[range.clone()]);
                    Blob::Copied(start..memory.bytes.len())
                }
                Blob::Failed(range) => {
                    memory.bytes.extend_from_slice(&batch.bytes[range.clone()]);
                    Blob::Failed(start..memory.bytes.len())
                }
            };
            memory.blobs.push(blob);
        }
        let event = CallEvent { blobs: 0..memory.blobs.len(), ..event.clone() };
        Self { event, memory }
    }
}
