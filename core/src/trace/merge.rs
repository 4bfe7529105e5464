//! All records of a trace in the order of their ids.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use foldhash::HashMap;

use crate::record::{Batch, NewTask, Record};
use crate::trace::stream::Stream;
use crate::trace::{Trace, TraceError};

/// Records of a batch. Enough that handing it on costs nothing per record, few enough that the first
/// ones are ready at once.
const BATCH: usize = 1024;

/// A batch ends early when its rows have this many bytes.
pub(super) const BATCH_WEIGHT: usize = 1 << 20;

/// A batch goes on, up to four times as much, while a call that began in it returns with one of so many ids to come: calls that
/// overlapped are looked at together.
const SOON: i64 = 24;

/// Records that a call can reach back over and still be entered as early as it was. One that overlapped
/// more of them is entered later than it was recorded to be.
pub const REACH: u64 = 1 << 16;

/// Takes from many streams whatever has the lowest order id: a k-way merge by a priority queue.
pub struct Merge {
    streams: Vec<Stream>,
    /// Streams by the order id of their next record.
    queue: BinaryHeap<Reverse<(i64, usize)>>,
    creates_task: Vec<bool>,
    ends_task: Vec<bool>,
    leaves: Leaves,
    tasks: Tasks,
    ends: VecDeque<(i64, i32)>,
    overlaps: Overlaps,
    /// Ids of the last records, which are the positions before `position`: as long as a call may have overlapped them.
    recent: VecDeque<i64>,
    position: u64,
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

/// What is known of when tasks began to end. The kernel tells of the end itself, which is later, and by then has long
/// given up what the task had.
struct Leaves {
    /// Whether calls of a kind never return, for they end their task or process.
    never_returns: Vec<bool>,
    processes: HashMap<i32, i32>,
    /// The position after a process's last such call.
    of_process: HashMap<i32, u64>,
    /// Of each task, the position after its last record.
    last: Vec<u64>,
}

impl Leaves {
    fn process(&self, task: i32) -> i32 {
        self.processes.get(&task).copied().unwrap_or(task)
    }

    /// Task `id`, which has this `number`, has a record of this `kind` at `position`.
    fn note(&mut self, id: i32, number: u32, kind: usize, position: u64) {
        let number = number as usize;
        if self.last.len() <= number {
            self.last.resize(number + 1, 0);
        }
        self.last[number] = position + 1;
        if self.never_returns[kind] {
            self.of_process.insert(self.process(id), position + 1);
        }
    }

    /// The position from which on the task may have been ending, if its process said that it would.
    fn began(&self, id: i32, number: u32) -> Option<u64> {
        let said = self.of_process.get(&self.process(id))?;
        Some(self.last.get(number as usize).map_or(*said, |last| *last.max(said)))
    }
}

/// Gives tasks their numbers.
struct Tasks {
    /// Number of the task that has a kernel id now.
    current: HashMap<i32, u32>,
    /// Whom the last record was of, and its number: most records are of the same one as those before them.
    last: Option<(i32, u32)>,
    count: u32,
}

impl Tasks {
    fn create(&mut self, id: i32, announced: bool, batch: &mut Batch) -> u32 {
        let number = self.count;
        self.count += 1;
        self.current.insert(id, number);
        self.last = None;
        batch.tasks.push(NewTask { id, announced });
        number
    }

    fn find(&mut self, id: i32, batch: &mut Batch) -> u32 {
        if let Some((last, number)) = self.last
            && last == id
        {
            return number;
        }
        let number = match self.current.get(&id) {
            Some(number) => *number,
            None => self.create(id, false, batch),
        };
        self.last = Some((id, number));
        number
    }

    /// The task with this id has ended; its number, if it had one.
    fn end(&mut self, id: i32) -> Option<u32> {
        self.last = None;
        self.current.remove(&id)
    }
}

/// When calls were entered that others overlapped, by the id of their return.
struct Overlaps(VecDeque<(i64, i64)>);

impl Overlaps {
    /// Whether none comes any more.
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The order id at which the call was entered that returned at `unique_id`, if others came between.
    fn called_id(&mut self, unique_id: i64) -> Option<i64> {
        while self.0.front().is_some_and(|(unique, _)| *unique < unique_id) {
            self.0.pop_front();
        }
        self.0.front().filter(|(unique, _)| *unique == unique_id).map(|(_, called)| *called)
    }
}

impl Overlaps {
    /// Whether a call that was entered before `id` returned later, and by `soon` ids more.
    fn is_any_at(&self, id: i64, soon: i64) -> bool {
        let end = id.saturating_add(soon);
        let mut next = self.0.iter().take_while(|(unique, _)| *unique <= end);
        next.any(|(unique, called)| *unique > id && *called < id)
    }
}

impl Merge {
    pub(super) fn new(trace: &Trace) -> Self {
        let streams = trace.types.iter().enumerate();
        Self {
            streams: streams
                .map(|(kind, ty)| Stream::new(kind as u32, ty, trace.story.is_reference()))
                .collect(),
            queue: BinaryHeap::new(),
            creates_task: trace.types.iter().map(|ty| ty.creates_task()).collect(),
            // Where the trace tells of the tasks' ends, those are exact.
            ends_task: trace
                .types
                .iter()
                .map(|ty| ty.ends_task() && trace.story.ends.is_empty())
                .collect(),
            leaves: Leaves {
                never_returns: trace.types.iter().map(|ty| ty.ends_task()).collect(),
                processes: trace
                    .story
                    .processes
                    .iter()
                    .map(|(task, process)| (*task, *process))
                    .collect(),
                of_process: HashMap::default(),
                last: Vec::new(),
            },
            tasks: Tasks { current: HashMap::default(), last: None, count: 0 },
            ends: trace.story.ends.iter().copied().collect(),
            overlaps: Overlaps(trace.story.overlaps.iter().copied().collect()),
            recent: VecDeque::new(),
            position: 0,
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
        let mut batch = Batch::with_capacity(BATCH);
        let mut next = self.queue.pop();
        while let Some(Reverse((id, index))) = next
            && self.goes_on(&batch)
        {
            self.end_tasks(id, &mut batch);
            let following = self.take(index, &mut batch)?.map(|id| Reverse((id, index)));
            // Records of one type follow one another for long: those need no queue.
            next = match (following, self.queue.peek()) {
                (Some(following), Some(other)) if following < *other => {
                    self.queue.push(following);
                    self.queue.pop()
                }
                (None, _) => self.queue.pop(),
                _ => following,
            };
        }
        self.queue.extend(next);
        if self.queue.is_empty() {
            self.end_tasks(i64::MAX, &mut batch);
        }
        Ok((!batch.records.is_empty()).then_some(batch))
    }

    /// Whether `batch` has more records than it has.
    #[inline]
    fn goes_on(&self, batch: &Batch) -> bool {
        let (count, weight) = (batch.records.len(), batch.weight());
        let is_below = |times| count < times * BATCH && weight < times * BATCH_WEIGHT;
        is_below(1) || (is_below(4) && self.overlaps.is_any_at(self.last_id, SOON))
    }

    fn queue_stream(&mut self, index: usize) -> Result<(), TraceError> {
        let next = self.streams[index].peek()?;
        self.queue.extend(next.map(|id| Reverse((id, index))));
        Ok(())
    }

    /// Adds the ends of tasks before order id `id`.
    #[inline]
    fn end_tasks(&mut self, id: i64, batch: &mut Batch) {
        if self.ends.front().is_some_and(|(end, _)| *end < id) {
            self.end_those(id, batch);
        }
    }

    #[cold]
    fn end_those(&mut self, id: i64, batch: &mut Batch) {
        while let Some((end, task)) = self.ends.pop_front_if(|(end, _)| *end < id) {
            // A task that never made a recorded call left nothing to be ended.
            if let Some(number) = self.tasks.end(task) {
                self.push(Record::end_of(number, end), batch);
                if let Some(began) = self.leaves.began(task, number)
                    && let Some(end) = batch.records.last_mut()
                {
                    end.ready_at = began;
                }
            }
        }
    }

    /// Adds a record, which takes the next position.
    fn push(&mut self, mut record: Record, batch: &mut Batch) {
        record.position = self.position;
        record.ready_at = match self.overlaps.called_id(record.unique_id) {
            Some(called) => {
                let later = self.recent.iter().rev().take_while(|id| **id > called).count();
                self.position - later as u64
            }
            None => self.position,
        };
        if self.overlaps.is_empty() {
            self.recent.clear();
        } else {
            self.recent.push_back(record.unique_id);
            if self.recent.len() as u64 > REACH {
                self.recent.pop_front();
            }
        }
        self.position += 1;
        batch.records.push(record);
    }

    /// Adds the next record of stream `index`; the id of the one after that, if there is one.
    fn take(&mut self, index: usize, batch: &mut Batch) -> Result<Option<i64>, TraceError> {
        let stream = &mut self.streams[index];
        let kind = stream.kind() as usize;
        let (mut record, id) = stream.take(batch)?;
        let following = stream.peek()?;
        let task = self.tasks.find(id, batch);
        let child = (self.creates_task[kind] && record.return_value > 0)
            .then(|| self.tasks.create(record.return_value as i32, true, batch));
        record.task = task;
        record.is_last = following.is_none();
        record.child = child;
        if record.unique_id < self.last_id {
            self.faults.out_of_order += 1;
        }
        self.last_id = record.unique_id;
        self.leaves.note(id, task, kind, self.position);
        self.push(record, batch);
        if self.ends_task[kind] {
            self.tasks.end(id);
            self.push(Record::end_of(task, self.last_id), batch);
        }
        Ok(following)
    }
}
