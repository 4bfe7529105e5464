//! Reads ahead: takes the records from the trace in their order, and deals them out to their tasks.

use std::collections::VecDeque;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::follow::Whereabouts;
use crate::record::{Batch, NewTask, What};
use crate::replay::ReplayError;
use crate::replay::order::{Resources, Waits, link_on_disk};
use crate::replay::overlaps::Overlaps;
use crate::replay::progress::{Progress, Stopped};
use crate::replay::shared::Shared;
use crate::replay::skips;
use crate::replay::tasks::{Birth, Expected, start};
use crate::report::Reason;
use crate::tolerate::Rule;
use crate::trace::Faults;

/// Records of one task, in one batch.
#[derive(Clone, Debug)]
pub struct Segment {
    /// The batch.
    pub batch: Arc<Batch>,
    /// What its records wait for.
    pub waits: Arc<Waits>,
    /// The task's records in it.
    indices: Indices,
}

#[derive(Clone, Debug)]
enum Indices {
    /// All that the batch has: this many.
    All(usize),
    Some(Vec<u32>),
}

impl Segment {
    /// The records' numbers in the batch.
    pub fn indices(&self) -> impl Iterator<Item = usize> + '_ {
        let (all, some) = match &self.indices {
            Indices::All(count) => (*count, &[][..]),
            Indices::Some(indices) => (0, &indices[..]),
        };
        (0..all).chain(some.iter().map(|index| *index as usize))
    }

    /// The number in the batch of the task's record `number`, as it counts them.
    pub fn index(&self, number: usize) -> Option<usize> {
        match &self.indices {
            Indices::All(count) => (number < *count).then_some(number),
            Indices::Some(indices) => indices.get(number).map(|index| *index as usize),
        }
    }
}

/// Batches that are read and not done.
const MOST_BATCHES: usize = 32;

/// Bytes of rows that such batches may have: what is unpacked is to be in the processor's cache still when it is used.
const MOST_WEIGHT: usize = 8 << 20;

/// Batches that are read at the most, if the call that everybody waits for may itself wait for one that
/// comes much later.
const MOST_BATCHES_AHEAD: usize = 1024;

/// How long the turn has to stay where it is until it is taken to wait for such a one.
const STUCK: Duration = Duration::from_millis(20);

/// What was read of a trace.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOut {
    /// Records, the ends of tasks among them.
    pub records: u64,
    /// Tasks.
    pub tasks: u64,
    /// Of these, tasks of whose creation the trace doesn't tell.
    pub unannounced: u64,
    /// What is wrong with the trace.
    pub faults: Faults,
    /// How often the next records were not read yet when their turn came, and for how long at the most in all. The
    /// first ones always aren't, and don't count.
    pub stalls: Stalls,
}

/// How often a replay waited for its trace to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stalls {
    /// How often.
    pub count: u64,
    /// For how long in all, at the most.
    pub time: Duration,
}

/// Reads the trace to its end, or until the replay is stopped; `out` says what was read.
///
/// # Errors
/// The trace is damaged, or a task's thread can't be had.
pub fn read(shared: &Arc<Shared>, out: &mut ReadOut) -> Result<(), ReplayError> {
    let mut merge = shared.trace.merge();
    let resources = shared.options.order.needs_resources().then(|| {
        let cwd = std::env::current_dir().unwrap_or_default();
        Resources::new(cwd.as_os_str().as_bytes(), link_on_disk)
    });
    let mut dealer =
        Dealer { shared, queues: Vec::new(), of_task: Vec::new(), named: Vec::new(), resources };
    let mut window = Window::default();
    let mut overlaps = Overlaps::default();
    let mut ignore = Ignore::new(shared);
    let mut followed =
        shared.options.tolerate.contains(&Rule::Overlap).then(|| whereabouts(shared));
    let mut began = Instant::now();
    while let Some(mut batch) = merge.next_batch()? {
        overlaps.settle(&shared.trace.types, &mut batch);
        if let Some(ignore) = &mut ignore {
            ignore.mark(&mut batch);
        }
        skips::mark(&shared.trace.types, &mut batch, shared.is_rooted);
        if let Some(followed) = &mut followed {
            let on = batch.records.iter().map(|r| followed.of(&shared.trace.types, &batch, r));
            batch.on = on.collect();
        }
        if out.records > 0 && shared.turn.position() == out.records {
            out.stalls.count += 1;
            out.stalls.time += began.elapsed();
        }
        out.records += batch.records.len() as u64;
        for (read, more) in
            shared.read.iter().zip([batch.row_count() as usize, batch.records.len()])
        {
            read.fetch_add(more as u64, Ordering::Relaxed);
        }
        for task in &batch.tasks {
            out.unannounced += u64::from(!task.announced && out.tasks > 0);
            out.tasks += 1;
        }
        let batch = Arc::new(batch);
        if let Some(network) = &shared.network {
            network.read(&batch, shared.turn.position());
        }
        window.add(&batch, out.records);
        dealer.deal(&batch)?;
        drop(batch);
        if shared.turn.is_stopped() || window.wait_for_room(shared).is_err() {
            break;
        }
        began = Instant::now();
    }
    out.faults = merge.faults();
    if let Some(network) = &shared.network {
        network.read_all();
    }
    Ok(())
}

/// Where the first process is. The trace of a log doesn't say where its program started: it does where this one did.
fn whereabouts(shared: &Shared) -> Whereabouts {
    let here = std::env::current_dir().unwrap_or_default();
    Whereabouts::new(&shared.trace.story.initial).or_in(here.as_os_str().as_bytes())
}

/// Finds the records that aren't to be replayed because of their paths.
struct Ignore<'s> {
    shared: &'s Shared,
    whereabouts: Whereabouts,
}

impl<'s> Ignore<'s> {
    fn new(shared: &'s Shared) -> Option<Self> {
        let is_asked = !shared.options.place.ignore.is_empty();
        is_asked.then(|| Self { shared, whereabouts: whereabouts(shared) })
    }

    /// Marks those of `batch`. Where a change of the working directory isn't made, relative paths lead elsewhere
    /// than they did, and aren't followed either.
    fn mark(&mut self, batch: &mut Batch) {
        let Self { shared, whereabouts } = self;
        for index in 0..batch.records.len() {
            let record = batch.records[index];
            let named = whereabouts.of(&shared.trace.types, batch, &record);
            let is_lost = whereabouts.is_lost(&record);
            let ignored = named.iter().any(|named| match &named.path {
                Some(path) => shared.options.place.ignores(path),
                None => is_lost,
            });
            if ignored && shared.changes_fs(&record) && record.succeeded() {
                whereabouts.lose(&record);
            }
            batch.records[index].skipped = ignored.then_some(Reason::Ignored);
        }
    }
}

/// Gives tasks their records.
struct Dealer<'s> {
    shared: &'s Arc<Shared>,
    /// By the tasks' numbers; none for those that ended.
    queues: Vec<Option<Sender<Segment>>>,
    /// By the tasks' numbers, which of a batch's records are theirs; empty between batches.
    of_task: Vec<Vec<u32>>,
    /// Tasks that have records in a batch; empty between batches.
    named: Vec<u32>,
    /// Where records wait for others than those before them.
    resources: Option<Resources>,
}

impl Dealer<'_> {
    fn deal(&mut self, batch: &Arc<Batch>) -> Result<(), ReplayError> {
        for task in &batch.tasks {
            let (sender, segments) = unbounded();
            let number = self.queues.len() as u32;
            self.queues.push(Some(sender));
            self.of_task.push(Vec::new());
            let progress = self.shared.tasks.add_progress();
            if let Some(resources) = &mut self.resources {
                resources.add_task(number, progress.clone());
            }
            self.begin(number, *task, progress, segments)?;
        }
        let waits = self.resources.as_mut().map(|r| r.waits(&self.shared.trace.types, batch));
        let waits = Arc::new(waits.unwrap_or_default());
        let first = batch.records[0].task;
        if batch.records.iter().all(|record| record.task == first) {
            self.send(first, batch, &waits, Indices::All(batch.records.len()));
        } else {
            for (index, record) in batch.records.iter().enumerate() {
                let indices = &mut self.of_task[record.task as usize];
                if indices.is_empty() {
                    self.named.push(record.task);
                }
                indices.push(index as u32);
            }
            while let Some(task) = self.named.pop() {
                let indices = std::mem::take(&mut self.of_task[task as usize]);
                self.send(task, batch, &waits, Indices::Some(indices));
            }
        }
        for record in batch.records.iter().filter(|record| record.what == What::TaskEnd) {
            self.queues[record.task as usize] = None;
        }
        Ok(())
    }

    /// A task that a call creates is started when that call is replayed. Nobody starts the first one, nor
    /// one of whose creation the trace doesn't tell: that is taken for a thread of the first process.
    fn begin(
        &self,
        number: u32,
        task: NewTask,
        progress: Arc<Progress>,
        segments: Receiver<Segment>,
    ) -> Result<(), ReplayError> {
        let id = task.id;
        if task.announced {
            self.shared.tasks.expect(number, Expected { id, progress, segments });
            return Ok(());
        }
        let files = self.shared.files.clone();
        let birth = Birth { id, memory: 0, progress, files, own: None };
        start(self.shared, birth, segments)
    }

    fn send(&self, task: u32, batch: &Arc<Batch>, waits: &Arc<Waits>, indices: Indices) {
        if let Some(queue) = &self.queues[task as usize] {
            // A task that has broken down has said so itself.
            let (batch, waits) = (batch.clone(), waits.clone());
            let _ = queue.send(Segment { batch, waits, indices });
        }
    }
}

/// The batches that are read and not done.
#[derive(Default)]
struct Window {
    /// Of each, the position after its last record, and its weight.
    batches: VecDeque<(u64, usize)>,
    weight: usize,
}

impl Window {
    fn add(&mut self, batch: &Batch, end: u64) {
        self.weight += batch.weight();
        self.batches.push_back((end, batch.weight()));
    }

    fn is_full(&self) -> bool {
        self.batches.len() >= MOST_BATCHES || self.weight >= MOST_WEIGHT
    }

    /// Whether so much is done that to go on is worth while: a reader that is woken for each batch takes the processor
    /// from the tasks as often.
    fn has_room(&self) -> bool {
        self.batches.len() <= MOST_BATCHES * 3 / 4 && self.weight <= MOST_WEIGHT * 3 / 4
    }

    fn wait_for_room(&mut self, shared: &Shared) -> Result<(), Stopped> {
        if !self.is_full() {
            return Ok(());
        }
        while let Some((end, weight)) = self.batches.front().copied().filter(|_| !self.has_room()) {
            let before = shared.turn.position();
            if shared.turn.wait_up_to(end, STUCK)? {
                self.batches.pop_front();
                self.weight -= weight;
            } else if shared.turn.is_in_kernel_before(end)
                && shared.turn.position() == before
                && self.batches.len() < MOST_BATCHES_AHEAD
            {
                return Ok(());
            }
        }
        Ok(())
    }
}
