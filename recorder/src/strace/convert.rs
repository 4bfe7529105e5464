//! Follows the tasks of a log from line to line: calls that are taken up again, that signals interrupt, that
//! make tasks; and gives the order ids.

mod restart;
mod which;

use std::collections::HashMap;

use replay_schema::Returns;

use crate::event::{CallEvent, Event, TaskEnd, TaskEvent, UNKNOWN_TIME};
use crate::pipeline::Producer;
use crate::plan::Plans;
use crate::strace::capture::Told;
use crate::strace::counts::Counts;
use crate::strace::line::{Body, Prefix};
use crate::strace::number::Values;
use crate::strace::result::{self, CallResult, Ending, Ready};
use crate::strace::shape::Shape;
use crate::strace::symbols::{ByName, Symbols};
use crate::strace::value::{Malformed, Parser, Tree};

/// The task of a log that names none.
pub const ONLY_TASK: i32 = 1;

/// A call that hasn't returned yet.
#[derive(Debug, Default)]
pub struct Pending {
    /// Its plan and kernel number, unless it isn't recorded.
    plan: Option<(usize, u32)>,
    /// Whether its record is made.
    is_done: bool,
    called_id: i64,
    time_called: i64,
    /// What is printed so far; empty while the line is at hand.
    text: Vec<u8>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Running,
    InCall(Pending),
    /// Out of a call that the kernel restarts, or that fails with `EINTR`. With id and time.
    Interrupted(Pending, i64, i64),
}

/// A task of the log.
#[derive(Debug)]
struct Task {
    first_id: i64,
    is_foreign: bool,
    state: State,
}

/// Who made a task.
#[derive(Clone, Copy, Debug)]
struct Birth {
    parent: i32,
    process: Option<i32>,
}

/// Makes events of lines.
#[derive(Debug)]
pub struct Converter<'p> {
    plans: &'p Plans,
    shapes: Vec<Shape>,
    /// Kernel numbers of the calls that are recorded.
    numbers: ByName<Box<[u8]>, u32>,
    symbols: Symbols,
    tree: Tree,
    tasks: HashMap<i32, Task>,
    births: HashMap<i32, Birth>,
    seen: HashMap<i32, i32>,
    only_task: Option<i32>,
    next_id: i64,
    producer: Producer,
    /// What was found.
    pub counts: Counts,
    end: Option<TaskEnd>,
    first: Option<i32>,
}

impl<'p> Converter<'p> {
    /// Hands events to `producer`; `next_id` is the first order id that is free.
    pub fn new(plans: &'p Plans, producer: Producer, next_id: i64) -> Self {
        let names = plans.names().map(|(number, name)| (Box::from(name.as_bytes()), number));
        Self {
            plans,
            shapes: plans.all().iter().map(|plan| Shape::new(&plan.call)).collect(),
            numbers: names.collect(),
            symbols: Symbols::new(plans.all()),
            tree: Tree::default(),
            tasks: HashMap::new(),
            births: HashMap::new(),
            seen: HashMap::new(),
            only_task: None,
            next_id,
            producer,
            counts: Counts::default(),
            end: None,
            first: None,
        }
    }

    fn take_id(&mut self) -> i64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// The task that a line is of. A log that shows no ids at first does so as soon as there are two tasks:
    /// the first that nobody made is the one that had none.
    pub fn task_of(&mut self, prefix: &Prefix, of_file: Option<i32>) -> i32 {
        let Some(task) = prefix.task.or(of_file) else {
            let mut living = self.tasks.keys();
            if let (Some(task), None) = (living.next(), living.next()) {
                return *task;
            }
            if self.only_task.is_none() && self.seen.is_empty() {
                self.only_task = Some(ONLY_TASK);
            }
            return ONLY_TASK;
        };
        if let Some(known) = self.seen.get(&task) {
            return *known;
        }
        let is_only = self.only_task.is_some() && !self.births.contains_key(&task);
        let known = if is_only { self.only_task.take().unwrap_or(task) } else { task };
        self.seen.insert(task, known);
        known
    }

    /// Takes in a line of a log. The log is of task `of_file`, if that is known from elsewhere.
    ///
    /// # Errors
    /// The line isn't as strace prints them. Nothing came of it.
    pub fn line(
        &mut self,
        prefix: &Prefix,
        body: &Body<'_>,
        of_file: Option<i32>,
        time: i64,
    ) -> Result<(), Malformed> {
        let task = match body {
            Body::Aside => return Ok(()),
            Body::Attached(task) => {
                self.births.entry(*task).or_insert(Birth { parent: 0, process: None });
                return Ok(());
            }
            Body::Personality { task, .. } if prefix.task.is_none() => {
                self.task_of(&Prefix { task: Some(*task), ..*prefix }, None)
            }
            _ => self.task_of(prefix, of_file),
        };
        match *body {
            Body::Call { name, text } => {
                let mut pending = self.enter(task, name, text, time)?;
                self.leave(task, &mut pending, text, time, false)
            }
            Body::Entered { name, text } => {
                let mut pending = self.enter(task, name, text, time)?;
                if pending.text.is_empty() {
                    pending.text.extend_from_slice(text);
                }
                self.task(task).state = State::InCall(pending);
                Ok(())
            }
            Body::Resumed { text, .. } => {
                let State::InCall(mut pending) = std::mem::take(&mut self.task(task).state) else {
                    return Err(Malformed { what: "a call resumed that was not begun", at: 1 });
                };
                let mut whole = std::mem::take(&mut pending.text);
                whole.extend_from_slice(text);
                self.leave(task, &mut pending, &whole, time, true)
            }
            Body::Exited(status) => {
                self.ended(task, Some(TaskEnd::Status(status)));
                Ok(())
            }
            Body::Killed(signal) => {
                let number = self.symbols.number(signal);
                self.ended(task, number.map(|number| TaskEnd::Signal(number as i32)));
                Ok(())
            }
            Body::Superseded(former) => {
                self.superseded(task, former);
                Ok(())
            }
            Body::Personality { is_native, .. } => {
                self.task(task).is_foreign = !is_native;
                Ok(())
            }
            Body::Attached(_) | Body::Aside => Ok(()),
        }
    }

    fn task(&mut self, task: i32) -> &mut Task {
        self.first.get_or_insert(task);
        let next_id = &mut self.next_id;
        self.tasks.entry(task).or_insert_with(|| {
            let first_id = *next_id;
            *next_id += 1;
            Task { first_id, is_foreign: false, state: State::Running }
        })
    }

    /// A call is made. `text` is what is printed of it so far.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub fn enter(
        &mut self,
        task: i32,
        name: &[u8],
        text: &[u8],
        time: i64,
    ) -> Result<Pending, Malformed> {
        if let Some(pending) = self.restarted(task, name, text) {
            return Ok(pending);
        }
        let is_foreign = self.task(task).is_foreign;
        let mut pending = Pending { time_called: time, ..Pending::default() };
        let plan = if is_foreign { None } else { self.plan_of(name, text)? };
        let Some((plan, number)) = plan else {
            if is_foreign {
                self.counts.foreign_calls += 1;
            } else {
                self.counts.count_not_recorded(name);
            }
            return Ok(pending);
        };
        pending.plan = Some((plan, number));
        pending.called_id = self.take_id();
        let call = &self.plans.plan(plan).call;
        if call.returns == Returns::Never {
            pending.is_done = true;
            let id = pending.called_id;
            self.parse(text)?;
            self.emit(task, &pending, text, None, id, time);
        } else if call.at_entry {
            self.producer.push(Event::Entered { called_id: pending.called_id });
        }
        Ok(pending)
    }

    fn parse(&mut self, text: &[u8]) -> Result<(usize, bool), Malformed> {
        self.tree.clear();
        let open = text.iter().position(|byte| *byte == b'(').unwrap_or(0);
        let mut parser = Parser::new(text, open + 1, &mut self.tree);
        let is_closed = parser.arguments()?;
        Ok((parser.at, is_closed))
    }

    /// A call returned, or strace says that it won't. `time` is that of the line; `is_exit` tells whether
    /// the line was begun when the call returned.
    ///
    /// # Errors
    /// As [`Self::line`].
    pub fn leave(
        &mut self,
        task: i32,
        pending: &mut Pending,
        text: &[u8],
        time: i64,
        is_exit: bool,
    ) -> Result<(), Malformed> {
        let Some((plan, _)) = pending.plan else {
            self.take_id();
            return Ok(());
        };
        let called_id = pending.called_id;
        let left = self.returned(task, pending, text, time, is_exit);
        if left.is_err() && self.plans.plan(plan).call.at_entry {
            self.producer.push(Event::Abandoned { called_id });
        }
        left
    }

    fn returned(
        &mut self,
        task: i32,
        pending: &mut Pending,
        text: &[u8],
        time: i64,
        is_exit: bool,
    ) -> Result<(), Malformed> {
        // Of a call that was taken up again, what was printed before counts.
        let joined = std::mem::take(&mut pending.text);
        let text = if joined.is_empty() { text } else { &joined };
        let (at, is_closed) = self.parse(text)?;
        if pending.is_done {
            return Ok(());
        }
        if !is_closed {
            return Err(Malformed { what: "arguments that don't end", at: text.len() });
        }
        let result = result::read(text, at, &mut self.tree, &self.symbols)?;
        let time_returned = match result.duration {
            _ if is_exit && time != UNKNOWN_TIME => time,
            Some(duration) if time != UNKNOWN_TIME => time.saturating_add(duration),
            _ => UNKNOWN_TIME,
        };
        let id = self.take_id();
        match result.ending {
            Ending::Interrupted => {
                let text = text[..at - 1].to_vec();
                let pending = Pending { text, ..std::mem::take(pending) };
                self.task(task).state = State::Interrupted(pending, id, time_returned);
            }
            _ => self.emit(task, pending, text, Some(&result), id, time_returned),
        }
        Ok(())
    }

    /// Makes a record of the values that were read of `text`.
    fn emit(
        &mut self,
        task: i32,
        pending: &Pending,
        text: &[u8],
        result: Option<&CallResult>,
        returned_id: i64,
        time_returned: i64,
    ) {
        let Some((plan, number)) = pending.plan else { return };
        let returned = match result.map(|result| result.ending) {
            Some(Ending::Returned(value, errno)) => Some((value, errno)),
            _ => None,
        };
        let counts = &mut self.counts;
        counts.calls += 1;
        counts.cut_texts += self.tree.cut_texts;
        counts.cut_lists += self.tree.cut_lists;
        counts.without_time += u64::from(pending.time_called == UNKNOWN_TIME);
        counts.without_duration += u64::from(returned.is_some() && time_returned == UNKNOWN_TIME);
        counts.injected += u64::from(result.is_some_and(|result| result.injected));
        let told = Told {
            plan: self.plans.plan(plan),
            shape: &self.shapes[plan],
            values: Values { text, tree: &self.tree, symbols: &self.symbols },
            returned,
            ready: result.map_or(Ready::default(), |result| result.ready),
        };
        let event = CallEvent {
            plan,
            number,
            task,
            called_id: pending.called_id,
            returned_id,
            time_called: pending.time_called,
            time_returned,
            arguments: [0; 6],
            returned,
            blobs: 0..0,
        };
        let called_id = pending.called_id;
        let (event, child) = told.capture(event, self.producer.batch());
        self.producer.push(Event::Call(event));
        if let Some(child) = child {
            let is_early =
                self.tasks.get(&child.task).is_some_and(|task| task.first_id < called_id);
            let is_known = self.births.get(&child.task).is_some_and(|birth| birth.parent != 0);
            self.counts.early_tasks += u64::from(is_early && !is_known);
            let process = self.process_of(task);
            let process = if child.is_thread { Some(process) } else { None };
            self.births.insert(child.task, Birth { parent: task, process });
        }
    }

    /// The process that a task belongs to.
    fn process_of(&self, task: i32) -> i32 {
        self.births.get(&task).and_then(|birth| birth.process).unwrap_or(task)
    }

    /// Another thread has run a program, and is the process's only one from now on.
    fn superseded(&mut self, leader: i32, former: i32) {
        let former = self.seen.get(&former).copied().unwrap_or(former);
        let Some(other) = self.tasks.get_mut(&former) else { return };
        let state = std::mem::take(&mut other.state);
        let first = std::mem::replace(&mut self.task(leader).state, state);
        self.never_returned(leader, first);
        self.ended(former, None);
    }

    /// A task is gone; a call that it was in never returned.
    fn ended(&mut self, task: i32, end: Option<TaskEnd>) {
        if self.first == Some(task) {
            self.end = end;
        }
        let Some(Task { first_id, state, .. }) = self.tasks.remove(&task) else { return };
        self.never_returned(task, state);
        let last_id = self.take_id();
        let process = self.process_of(task);
        let maker = self.births.get(&process).map(|birth| birth.parent).filter(|task| *task != 0);
        let parent = maker.map(|maker| self.process_of(maker));
        let event = TaskEvent { task, process, parent, first_id, last_id, end };
        self.producer.push(Event::Task(event));
    }

    fn never_returned(&mut self, task: i32, state: State) {
        let (State::InCall(mut pending) | State::Interrupted(mut pending, ..)) = state else {
            return;
        };
        let text = std::mem::take(&mut pending.text);
        if pending.is_done || pending.plan.is_none() || self.parse(&text).is_err() {
            return;
        }
        let id = self.take_id();
        self.emit(task, &pending, &text, None, id, UNKNOWN_TIME);
    }

    /// The log is at its end. Returns what was found, and how the first task ended.
    pub fn finish(mut self) -> (Counts, Option<TaskEnd>) {
        let mut left: Vec<i32> = self.tasks.keys().copied().collect();
        left.sort_unstable();
        for task in left {
            self.ended(task, None);
        }
        let is_missing = |task: &&i32| !self.seen.contains_key(task);
        self.counts.missing_tasks = self.births.keys().filter(is_missing).count() as u64;
        self.producer.finish();
        (self.counts, self.end)
    }
}
