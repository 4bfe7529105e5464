//! All records of a trace in the order of their ids.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use crate::record::{Batch, NewTask, Record};
use crate::trace::stream::Stream;
use crate::trace::{Trace, TraceError};

/// Records of a batch. Enough that handing it on costs nothing per record, few enough that the first
/// ones are ready at once.
const BATCH: usize = 1024;

/// Takes from many streams whatever has the lowest order id: a k-way merge by a priority queue.
pub struct Merge {
    streams: Vec<Stream>,
    /// Streams by the order id of their next record.
    queue: BinaryHeap<Reverse<(i64, usize)>>,
    creates_task: Vec<bool>,
    ends_task: Vec<bool>,
    tasks: Tasks,
    ends: VecDeque<(i64, i32)>,
    overlaps: Overlaps,
    last_id: i64,
    faults: Faults,
    is_started: bool,
}

/// What is wrong with a trace that is replayed all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Records that come after others with a higher id.
    pub out_of_order: u64,
    /// Records without their last row.
    pub unfinished: u64,
}

/// Gives tasks their numbers.
struct Tasks {
    /// Number of the task that has a kernel id now.
    current: HashMap<i32, u32>,
    count: u32,
}

impl Tasks {
    fn create(&mut self, id: i32, announced: bool, batch: &mut Batch) -> u32 {
        let number = self.count;
        self.count += 1;
        self.current.insert(id, number);
        batch.tasks.push(NewTask { id, announced });
        number
    }

    fn find(&mut self, id: i32, batch: &mut Batch) -> u32 {
        match self.current.get(&id) {
            Some(number) => *number,
            None => self.create(id, false, batch),
        }
    }
}

/// When calls were entered that others overlapped.
struct Overlaps {
    listed: VecDeque<(i64, i64)>,
    is_told: bool,
}

impl Overlaps {
    /// The order id at which the call was entered that returned at `unique_id`.
    fn called_id(&mut self, unique_id: i64) -> i64 {
        while self.listed.front().is_some_and(|(unique, _)| *unique < unique_id) {
            self.listed.pop_front();
        }
        match self.listed.front() {
            Some((unique, called)) if *unique == unique_id => *called,
            // Without such a list nothing is known to overlap.
            _ if self.is_told => unique_id - 1,
            _ => unique_id,
        }
    }
}

impl Merge {
    pub(super) fn new(trace: &Trace) -> Self {
        let streams = trace.types.iter().enumerate();
        Self {
            streams: streams.map(|(kind, ty)| Stream::new(kind as u32, ty)).collect(),
            queue: BinaryHeap::new(),
            creates_task: trace.types.iter().map(|ty| ty.creates_task()).collect(),
            // Where the trace tells of the tasks' ends, those are exact.
            ends_task: trace
                .types
                .iter()
                .map(|ty| ty.ends_task() && trace.story.ends.is_empty())
                .collect(),
            tasks: Tasks { current: HashMap::new(), count: 0 },
            ends: trace.story.ends.iter().copied().collect(),
            overlaps: Overlaps {
                listed: trace.story.overlaps.iter().copied().collect(),
                is_told: trace.story.is_told,
            },
            last_id: i64::MIN,
            faults: Faults::default(),
            is_started: false,
        }
    }

    /// What was found wrong so far.
    pub fn faults(&self) -> Faults {
        let unfinished = self.streams.iter().map(|stream| stream.unfinished).sum();
        Faults { unfinished, ..self.faults }
    }

    /// The next records; none after the last.
    ///
    /// # Errors
    /// An extent that is damaged.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, TraceError> {
        if !self.is_started {
            self.is_started = true;
            for index in 0..self.streams.len() {
                self.queue_stream(index)?;
            }
        }
        let mut batch = Batch::default();
        while batch.records.len() < BATCH {
            let Some(Reverse((id, index))) = self.queue.pop() else { break };
            self.end_tasks(id, &mut batch);
            self.take(index, &mut batch)?;
        }
        if self.queue.is_empty() {
            self.end_tasks(i64::MAX, &mut batch);
        }
        Ok((!batch.records.is_empty()).then_some(batch))
    }

    fn queue_stream(&mut self, index: usize) -> Result<bool, TraceError> {
        let next = self.streams[index].peek()?;
        self.queue.extend(next.map(|id| Reverse((id, index))));
        Ok(next.is_some())
    }

    /// Adds the ends of tasks before order id `id`.
    fn end_tasks(&mut self, id: i64, batch: &mut Batch) {
        while let Some((end, task)) = self.ends.pop_front_if(|(end, _)| *end < id) {
            // A task that never made a recorded call left nothing to be ended.
            if let Some(number) = self.tasks.current.remove(&task) {
                batch.records.push(Record::end_of(number, end));
            }
        }
    }

    fn take(&mut self, index: usize, batch: &mut Batch) -> Result<(), TraceError> {
        let stream = &mut self.streams[index];
        let kind = stream.kind() as usize;
        let head = stream.head()?;
        let task = self.tasks.find(head.task, batch);
        stream.take(task, batch)?;
        let is_last = !self.queue_stream(index)?;
        let child = (self.creates_task[kind] && head.return_value > 0)
            .then(|| self.tasks.create(head.return_value as i32, true, batch));
        let record = batch.records.last_mut().expect("the stream added a record");
        record.is_last = is_last;
        record.child = child;
        record.called_id = self.overlaps.called_id(record.unique_id);
        if record.unique_id < self.last_id {
            self.faults.out_of_order += 1;
        }
        self.last_id = record.unique_id;
        if self.ends_task[kind] {
            self.tasks.current.remove(&head.task);
            batch.records.push(Record::end_of(task, self.last_id));
        }
        Ok(())
    }
}
