//! Calls that another tracer has stopped: it tells of each entry and exit, and lends its way to read the
//! program's memory. From there on a call goes the way of the recorder's own.

mod told;
mod whole;

use std::collections::HashMap;

use nix::unistd::Pid;
use replay_core::registry::Registry;
use replay_schema::Returns;
use replay_schema::added::info;
use syscalls::Sysno;

use crate::clock;
use crate::compressor::Choice;
use crate::encode::Encoder;
use crate::event::{Blob, CallEvent, Event, TaskEnd, TaskEvent, UNKNOWN_TIME};
use crate::info::Info;
use crate::memory::{self, Memory};
use crate::output::{Keep, Output};
use crate::payload::Payload;
use crate::pipeline::{Pipeline, Producer};
use crate::plan::{Plans, name_of};
use crate::record::start;
use crate::sink::{self, SinkError};
use crate::state::InitialState;

pub use told::{FeedError, FieldGiven, Options, Record, Summary};

/// First of the errnos by which the kernel tells itself to restart a call.
const ERESTARTSYS: i32 = 512;
/// Last of them.
const LAST_RESTART: i32 = 516;

/// A call that hasn't returned.
#[derive(Debug)]
struct Pending {
    plan: usize,
    number: u32,
    arguments: [u64; 6],
    instruction: u64,
    called_id: i64,
    time_called: i64,
    blobs: Vec<Blob>,
    bytes: Vec<u8>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Running,
    /// In a call that isn't recorded.
    Elsewhere,
    InCall(Pending),
    Interrupted(Pending, i64, i64),
}

#[derive(Debug)]
struct Task {
    process: i32,
    parent: Option<i32>,
    first_id: i64,
    state: State,
}

/// A trace that another tracer writes.
#[derive(Debug)]
pub struct Feed {
    plans: Plans,
    pipeline: Pipeline,
    producer: Producer,
    tasks: HashMap<i32, Task>,
    next_id: i64,
    summary: Summary,
}

/// The kernel's number of the call `name`.
pub fn number_of(name: &str) -> Option<u32> {
    name.parse::<Sysno>().ok().map(|number| number as u32)
}

impl Feed {
    /// Creates the trace.
    ///
    /// # Errors
    /// The plugins or the file can't be had.
    pub fn create(options: &Options) -> Result<Self, FeedError> {
        let registry = Registry::open(&options.plugins)?;
        let plans = Plans::new(&registry, &[], &[])?;
        let library = sink::library(&plans.calls);
        let encoder = Encoder::new(&plans.calls, Payload::default())?;
        let mut output =
            Output::create(&options.output, library, Choice::Always(options.codec), Keep::All)?;
        let first = options.first.map(|first| (first, InitialState::of(first, true)));
        let state = match &first {
            Some((task, state)) => state.rows(Pid::from_raw(*task))?,
            None => None,
        };
        for mut extent in [opening(options, &registry)?, state].into_iter().flatten() {
            output.open(&mut extent)?;
        }
        let (pipeline, producer) = Pipeline::start(encoder, output);
        let mut feed = Self {
            plans,
            pipeline,
            producer,
            tasks: HashMap::new(),
            next_id: 1,
            summary: Summary::default(),
        };
        if let (Some(plan), Some((task, state))) = (feed.plans.start, first) {
            let (producer, plans) = (&mut feed.producer, &feed.plans);
            start(producer, plans, plan, task, state.umask, clock::now());
        }
        Ok(feed)
    }

    fn take_id(&mut self) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// A task is there. One that isn't told of begins with its first call, as a process of its own.
    pub fn began(&mut self, task: i32, process: i32, parent: Option<i32>) {
        let first_id = self.take_id();
        let new = Task { process, parent, first_id, state: State::Running };
        self.tasks.entry(task).or_insert(new);
    }

    fn task(&mut self, task: i32) -> &mut Task {
        if !self.tasks.contains_key(&task) {
            self.began(task, task, None);
        }
        self.tasks.get_mut(&task).expect("it was put there")
    }

    /// `task` enters call `number` at address `instruction` (0 if that isn't known), and has `memory`.
    ///
    /// # Errors
    /// It is in a call already.
    pub fn enter(
        &mut self,
        task: i32,
        number: u32,
        arguments: [u64; 6],
        instruction: u64,
        time: i64,
        memory: &impl Memory,
    ) -> Result<(), FeedError> {
        match std::mem::take(&mut self.task(task).state) {
            State::Running | State::Elsewhere => {}
            State::Interrupted(call, id, time) => {
                // Another call takes the place of those that must not start over.
                let is_there = instruction != 0 && call.instruction == instruction;
                let is_same = call.number == number && call.arguments == arguments;
                if is_same || is_there && call.number != number {
                    self.task(task).state = State::InCall(call);
                    return Ok(());
                }
                let failed = Some((-1, libc::EINTR));
                self.emit(task, call, failed, id, time, memory);
            }
            State::InCall(call) => {
                self.task(task).state = State::InCall(call);
                return Err(FeedError::State { task, what: "it is in a call already" });
            }
        }
        let Some(plan) = self.plans.of_call(number.into(), &arguments) else {
            *self.summary.not_recorded.entry(number).or_default() += 1;
            self.task(task).state = State::Elsewhere;
            return Ok(());
        };
        let called_id = self.take_id();
        let declared = self.plans.plan(plan);
        let mut blobs = vec![Blob::Absent; declared.call.fetches.len()];
        let mut bytes = Vec::new();
        for (place, fetch) in &declared.entry {
            blobs[*place] = memory::copy_after(memory, fetch, arguments, None, &blobs, &mut bytes);
        }
        let call = Pending {
            plan,
            number,
            arguments,
            instruction,
            called_id,
            time_called: time,
            blobs,
            bytes,
        };
        if declared.call.returns == Returns::Never {
            self.emit(task, call, None, called_id, time, memory);
            return Ok(());
        }
        if declared.call.at_entry {
            self.producer.push(Event::Entered { called_id });
        }
        self.task(task).state = State::InCall(call);
        Ok(())
    }

    /// The call that `task` is in returns `value`, or fails with `errno`, one of the kernel's own among them.
    ///
    /// # Errors
    /// It is in no call.
    pub fn exit(
        &mut self,
        task: i32,
        value: i64,
        errno: i32,
        time: i64,
        memory: &impl Memory,
    ) -> Result<(), FeedError> {
        match std::mem::take(&mut self.task(task).state) {
            State::Elsewhere => {
                self.take_id();
                Ok(())
            }
            State::InCall(call) => {
                let id = self.take_id();
                if (ERESTARTSYS..=LAST_RESTART).contains(&errno) {
                    self.task(task).state = State::Interrupted(call, id, time);
                } else {
                    let returned = if errno == 0 { (value, 0) } else { (-1, errno) };
                    self.emit(task, call, Some(returned), id, time, memory);
                }
                Ok(())
            }
            state => {
                self.task(task).state = state;
                Err(FeedError::State { task, what: "it is in no call" })
            }
        }
    }

    fn emit(
        &mut self,
        task: i32,
        call: Pending,
        returned: Option<(i64, i32)>,
        returned_id: i64,
        time_returned: i64,
        memory: &impl Memory,
    ) {
        self.summary.calls += 1;
        let batch = self.producer.batch();
        let (base, first) = (batch.bytes.len(), batch.blobs.len());
        batch.bytes.extend_from_slice(&call.bytes);
        let shift = |range: std::ops::Range<usize>| base + range.start..base + range.end;
        batch.blobs.extend(call.blobs.into_iter().map(|blob| match blob {
            Blob::Absent => Blob::Absent,
            Blob::Copied(range) => Blob::Copied(shift(range)),
            Blob::Failed(range) => Blob::Failed(shift(range)),
        }));
        let blobs = first..batch.blobs.len();
        let exit = &self.plans.plan(call.plan).exit[..];
        for (place, fetch) in exit.iter().filter(|_| returned.is_some()) {
            let seen = &batch.blobs[blobs.clone()];
            let bytes = &mut batch.bytes;
            let blob = memory::copy_after(memory, fetch, call.arguments, returned, seen, bytes);
            batch.blobs[first + place] = blob;
        }
        self.producer.push(Event::Call(CallEvent {
            plan: call.plan,
            number: call.number,
            task,
            called_id: call.called_id,
            returned_id,
            time_called: call.time_called,
            time_returned,
            arguments: call.arguments,
            returned,
            blobs,
        }));
    }

    /// `task` has ended.
    pub fn ended(&mut self, task: i32, end: Option<TaskEnd>) {
        let Some(Task { process, parent, first_id, state }) = self.tasks.remove(&task) else {
            return;
        };
        if let State::InCall(call) | State::Interrupted(call, ..) = state {
            let id = self.take_id();
            self.emit(task, call, None, id, UNKNOWN_TIME, &Nothing);
        }
        let last_id = self.take_id();
        let event = TaskEvent { task, process, parent, first_id, last_id, end };
        self.producer.push(Event::Task(event));
    }

    /// Ends the trace.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn close(mut self) -> Result<Summary, FeedError> {
        let mut left: Vec<i32> = self.tasks.keys().copied().collect();
        left.sort_unstable();
        for task in left {
            self.ended(task, None);
        }
        self.producer.finish();
        let (totals, output) = self.pipeline.join()?;
        let mut summary = self.summary;
        summary.totals = totals;
        output.finish(closing(&summary)?)?;
        Ok(summary)
    }
}

/// The memory of a task that is gone.
struct Nothing;

impl Memory for Nothing {
    fn append(&self, _: u64, _: usize, _: &mut Vec<u8>) -> usize {
        0
    }
}

fn opening(
    options: &Options,
    registry: &Registry,
) -> Result<Option<dataseries::Packed>, SinkError> {
    Info::of(&options.tracer, "libstrace2ds").plugins(registry).rows()
}

fn closing(summary: &Summary) -> Result<Option<dataseries::Packed>, SinkError> {
    let mut info = Info::default();
    info.count(info::CALLS, summary.calls);
    info.count(info::BUFFERS_NOT_CAPTURED, summary.totals.buffers_not_captured);
    for (call, count) in &summary.not_recorded {
        info.say(info::NOT_RECORDED, format!("{count} {}", name_of((*call).into())));
    }
    info.complete().rows()
}
