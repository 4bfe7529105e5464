//! What a backend hands to the pipeline: calls as they were captured, in batches.

use std::ops::Range;

use crate::snapshot::{ContentEvent, FileEvent};

/// A captured call, its memory in the batch that it is part of.
#[derive(Clone, Debug)]
pub struct CallEvent {
    /// Number of its plan.
    pub plan: usize,
    /// Kernel number of the call.
    pub number: u32,
    /// The thread that made it.
    pub task: i32,
    /// Order id taken when it was entered.
    pub called_id: i64,
    /// Order id taken when it returned, or when it was clear that it wouldn't.
    pub returned_id: i64,
    /// When it was entered, in nanoseconds since the epoch.
    pub time_called: i64,
    /// When it returned.
    pub time_returned: i64,
    /// The arguments, as the registers held them.
    pub arguments: [u64; 6],
    /// Return value (−1 on failure) and positive errno (0 on success), if it returned.
    pub returned: Option<(i64, i32)>,
    /// Its fetches among the batch's blobs, in the order of the declaration.
    pub blobs: Range<usize>,
}

/// The end of a thread.
#[derive(Clone, Copy, Debug)]
pub struct TaskEvent {
    /// The thread.
    pub task: i32,
    /// The process that it belonged to.
    pub process: i32,
    /// The process that created that one, if it is known.
    pub parent: Option<i32>,
    /// Order id of its beginning.
    pub first_id: i64,
    /// Order id of its end.
    pub last_id: i64,
    /// How it ended, if the recorder saw it.
    pub end: Option<TaskEnd>,
}

/// How a thread ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskEnd {
    /// With an exit status.
    Status(i32),
    /// By a signal.
    Signal(i32),
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A call whose record belongs to its beginning was entered: nothing that comes later may be
    /// written before it, in its own extent.
    Entered {
        /// Its order id.
        called_id: i64,
    },
    /// Such a call will have no record: what was seen of it makes no sense.
    Abandoned {
        /// Its order id.
        called_id: i64,
    },
    /// A call returned, or it is clear that it won't.
    Call(CallEvent),
    /// A thread ended.
    Task(TaskEvent),
    /// Somebody wants what is kept so far, and why.
    Dump(&'static str),
    /// The program came upon a file.
    File(Box<FileEvent>),
    /// A part of a file's content.
    Content(ContentEvent),
}

/// Memory of the program, copied or not.
#[derive(Clone, Debug, Default)]
pub enum Blob {
    /// There was nothing to copy.
    #[default]
    Absent,
    /// Copied: these bytes of the batch.
    Copied(Range<usize>),
    /// It should have been copied and couldn't be; items of an array that could are in these bytes.
    Failed(Range<usize>),
}

/// A run of events with the memory that belongs to them.
#[derive(Debug, Default)]
pub struct Batch {
    /// What happened, in the order of the second order id.
    pub events: Vec<Event>,
    /// Memory of the calls.
    pub blobs: Vec<Blob>,
    /// The bytes of the blobs.
    pub bytes: Vec<u8>,
    /// What wasn't seen of the calls, in their order; a backend that stops them sees all.
    pub unseen: Vec<Unseen>,
    /// Columns that were given by name, in the calls' order.
    pub fields: Vec<Field>,
}

/// The value of a column, in place of what its declaration would make of the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Number of the call among the batch's events.
    pub event: usize,
    /// The column, as declared.
    pub column: usize,
    /// Its value.
    pub value: FieldValue,
}

/// The value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// A number.
    Number(i64),
    /// These bytes of the batch.
    Bytes(Range<usize>),
}

/// A part of a call that wasn't seen, where a column may have its value from: that one has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// Number of the call among the batch's events.
    pub event: usize,
    /// The part.
    pub part: Part,
}

/// A part of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// An argument.
    Argument(u8),
    /// An argument that is a pointer to what was seen, and itself made up.
    Pointer(u8),
    /// These bytes of what a fetch brought.
    Memory(usize, Range<u32>),
    /// These bytes of each structure that a fetch brought.
    Member(usize, Range<u32>),
    /// The addresses of the items that fetches brought: they are made up.
    Addresses,
}

/// Stands for a time that isn't known.
pub const UNKNOWN_TIME: i64 = i64::MIN;

impl Batch {
    /// The bytes of `blob`, and whether some are missing.
    pub fn memory(&self, blob: &Blob) -> (Option<&[u8]>, bool) {
        match blob {
            Blob::Absent => (None, false),
            Blob::Copied(range) => (Some(&self.bytes[range.clone()]), false),
            Blob::Failed(range) if range.is_empty() => (None, true),
            Blob::Failed(range) => (Some(&self.bytes[range.clone()]), true),
        }
    }
}
