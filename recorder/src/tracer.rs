//! The ptrace backend: follows a program and all that it creates, and captures their calls.
//!
//! Each tracee has a state of its own, and each stop moves it on:
//!
//! ```text
//!            entry stop                exit stop
//!  Running ─────────────▶ InCall ─────────────────▶ Running        the call is an event
//!                           │  ▲
//!          exit stop: the   ▼  │ entry stop: the same call again
//!          kernel restarts  Interrupted ──────────▶ Running        another call: it was EINTR
//! ```
//!
//! Two order ids are taken per call from one counter, at the stops. So if one call's second id is below
//! another's first, it had returned before the other was made.

use std::collections::{BTreeMap, HashMap};
use std::fs;

use nix::unistd::Pid;
use replay_schema::{Observed, Returns};

use crate::affinity::{Affinity, Place};
use crate::agent::{self, Agent, End, Signalled, Taken};
use crate::clock;
use crate::event::{Blob, CallEvent, Event, TaskEnd, TaskEvent};
use crate::files::{self, Files};
use crate::mapped::{Ids, Look};
use crate::memory::{blob_bytes, copy_after};
use crate::paths::Paths;
use crate::pipeline::Producer;
use crate::plan::{Plan, Plans};
use crate::ptrace::{self, NATIVE, Resume, Stop, Wait};
use crate::signals;
use crate::ticks::Ticks;

/// First of the errnos by which the kernel tells itself to restart a call; no program sees them.
const ERESTARTSYS: i32 = 512;
/// Last of them, `ERESTART_RESTARTBLOCK`.
const LAST_RESTART: i32 = 516;

/// Bit in the number of a call of the x32 ABI.
const X32: u64 = 0x4000_0000;

/// A call that hasn't returned yet.
#[derive(Debug)]
struct PendingCall {
    plan: usize,
    number: u64,
    instruction_pointer: u64,
    arguments: [u64; 6],
    called_id: i64,
    time_called: i64,
    /// Memory copied at entry, in `bytes`.
    blobs: Vec<Blob>,
    bytes: Vec<u8>,
}

#[derive(Debug, Default)]
enum State {
    /// In no call that is recorded.
    #[default]
    Running,
    /// Between a call's entry and exit.
    InCall(PendingCall),
    /// Out of a call that the kernel restarts, or that fails with `EINTR` if a handler ran: which of
    /// the two is seen at the next call. With the id and time of the exit.
    Interrupted(PendingCall, i64, i64),
}

/// One thread of the program.
#[derive(Debug)]
struct Tracee {
    process: i32,
    parent: Option<i32>,
    first_id: i64,
    /// Order id of its end, taken while its descriptors are still open.
    ending_id: Option<i64>,
    state: State,
    /// A call whose exit the agent wants to hear of.
    watched: Option<(u64, [u64; 6])>,
    /// It was made to step into a signal handler.
    steps: bool,
    /// It runs a new program, which the agent has to equip.
    executed: bool,
    place: Place,
    /// Buffers of the last call, for the next.
    spare: (Vec<Blob>, Vec<u8>),
}

/// What a recording came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How the program ended.
    pub end: Option<TaskEnd>,
    /// Whether it ever ran.
    pub executed: bool,
    /// The errno of the last call of a program that never ran.
    pub last_error: Option<i32>,
    /// Calls that were recorded.
    pub calls: u64,
    /// Calls that weren't, because no plugin has them or somebody switched them off, by number.
    pub not_recorded: BTreeMap<u64, u64>,
    /// Calls of 32-bit programs, which aren't recorded.
    pub foreign_calls: u64,
    /// Calls that weren't, because the user asked for others, as far as they were seen.
    pub not_selected: u64,
    /// Whether the recorder let go of programs that run on.
    pub detached: bool,
    /// What the agent did, if there was one.
    pub agent: Option<agent::Counts>,
    /// What came through the agent's rings.
    pub merged: agent::merge::Merged,
    /// Calls that the kernel was made to refuse, by plan.
    pub refused: BTreeMap<usize, u64>,
    /// How much of what calls do wasn't seen, by plan.
    pub hidden: BTreeMap<usize, u64>,
    /// What was taken down of files beside that.
    pub files: files::Totals,
}

/// Follows one program.
pub struct Tracer<'p> {
    plans: &'p Plans,
    producer: Producer,
    agent: Option<Agent>,
    affinity: Affinity,
    tracees: HashMap<i32, Tracee>,
    next_id: i64,
    /// The program, if it was spawned to be recorded.
    root: Option<i32>,
    /// The paths that calls have to be on.
    paths: Paths,
    is_detaching: bool,
    files: Files,
    outcome: Outcome,
}

impl<'p> Tracer<'p> {
    /// Follows `root`, which was spawned as a tracee and waits to make its first call; or without one the
    /// processes that were attached, whose calls no filter stops. `next_id` is the first order id that is
    /// free, unless there is an agent, which keeps count of them; calls are on one of `paths` if there
    /// are any; `files` is shown each call that stops before it is made.
    pub fn new(
        plans: &'p Plans,
        producer: Producer,
        agent: Option<Agent>,
        root: Option<Pid>,
        next_id: i64,
        paths: Paths,
        files: Files,
    ) -> Self {
        Self {
            plans,
            producer,
            agent,
            affinity: Affinity::here(),
            tracees: HashMap::new(),
            next_id,
            root: root.map(Pid::as_raw),
            paths,
            files,
            is_detaching: false,
            outcome: Outcome { executed: root.is_none(), ..Outcome::default() },
        }
    }

    /// Goes on until the last tracee is gone.
    ///
    /// # Errors
    /// The kernel won't let it wait.
    pub fn run(mut self) -> nix::Result<Outcome> {
        let _ticks = Ticks::start()?;
        loop {
            let (pid, stop) = match ptrace::wait()? {
                Wait::Stopped(pid, stop) => (pid, stop),
                Wait::Interrupted => {
                    if let Some(why) = signals::take_dump() {
                        self.producer.dump(why);
                    }
                    self.producer.tick(clock::now());
                    self.let_go_of_those_that_compute();
                    if self.root.is_none() && !self.is_detaching && signals::is_over() {
                        self.interrupt_all();
                    }
                    continue;
                }
                Wait::Nobody => break,
            };
            let now = clock::now();
            self.begin();
            if !self.tracees.contains_key(&pid) {
                self.appeared(pid);
            }
            let tracee = self.tracee(pid);
            tracee.place.stopped(now);
            tracee.steps &= matches!(stop, Stop::Signal(_));
            self.affinity.follow(Pid::from_raw(pid), now);
            match stop {
                Stop::Entry => self.entered(pid, now),
                Stop::Exit if self.root.is_none() && ptrace::is_entry(pid) => {
                    self.entered(pid, now);
                }
                Stop::Exit => self.left(pid, now),
                Stop::Executed => self.executed(pid),
                Stop::Ending => self.ending(pid),
                Stop::Exited(status) => self.ended(pid, TaskEnd::Status(status)),
                Stop::Killed(signal) => self.ended(pid, TaskEnd::Signal(signal)),
                Stop::Group if self.is_detaching => self.detach(pid, 0),
                Stop::Group => drop(ptrace::listen(pid)),
                Stop::Signal(signal) if self.is_detaching => self.detach(pid, signal),
                Stop::Signal(signal) => self.signalled(pid, signal, now),
                Stop::Created => self.created(pid),
                Stop::Trap | Stop::Other => self.resume_as_it_was(pid),
            }
            self.settle();
        }
        // Tracees whose death nobody told of died with their process.
        for pid in self.tracees.keys().copied().collect::<Vec<_>>() {
            self.forget(pid, None);
        }
        self.outcome.agent = self.agent.as_ref().map(Agent::counts);
        self.producer.finish();
        self.outcome.files = self.files.finish();
        Ok(self.outcome)
    }

    fn take_id(&mut self) -> i64 {
        if let Some(agent) = &self.agent {
            return agent.take_id();
        }
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    fn tracee(&mut self, pid: i32) -> &mut Tracee {
        self.tracees.get_mut(&pid).expect("every tracee that stops is known")
    }

    /// Lets `pid` go on, held to the tracer's CPU if it calls often and `hold` allows it.
    fn resume(&mut self, pid: i32, how: Resume, hold: bool) {
        if self.is_detaching {
            return self.detach(pid, 0);
        }
        let how = self.how(how);
        let affinity = &self.affinity;
        let tracee = self.tracees.get_mut(&pid).expect("every tracee that stops is known");
        match hold {
            true => affinity.hold(Pid::from_raw(pid), &mut tracee.place),
            false => tracee.place.let_go(Pid::from_raw(pid)),
        }
        tracee.place.resumed(clock::now());
        // A tracee that was killed while it was stopped will tell of its death.
        let _ = ptrace::resume(pid, how, 0);
    }

    /// How a tracee is to go on: one without a filter stops at its calls only if it is told to.
    fn how(&self, how: Resume) -> Resume {
        if self.root.is_none() { Resume::ToSyscallStop } else { how }
    }

    /// Makes all tracees stop, to let go of each.
    fn interrupt_all(&mut self) {
        self.is_detaching = true;
        self.outcome.detached = true;
        for pid in self.tracees.keys() {
            let _ = ptrace::interrupt(*pid);
        }
    }

    /// Lets go of a tracee that is stopped: the program runs on as if nobody had looked.
    fn detach(&mut self, pid: i32, signal: i32) {
        if let Some(tracee) = self.tracees.get_mut(&pid) {
            tracee.place.let_go(Pid::from_raw(pid));
        }
        let _ = ptrace::detach(pid, signal);
        self.forget(pid, None);
    }

    /// Gives tracees that have run for long back the CPUs that they may use.
    fn let_go_of_those_that_compute(&mut self) {
        let now = clock::now();
        for (pid, tracee) in &mut self.tracees {
            tracee.place.let_go_if_long(Pid::from_raw(*pid), now);
        }
    }

    /// Gives all tracees back the CPUs that they may use.
    fn let_go_of_all(&mut self) {
        for (pid, tracee) in &mut self.tracees {
            tracee.place.let_go(Pid::from_raw(*pid));
        }
    }

    /// Lets `pid` go on to the exit of the call that it is in, if it is in one.
    fn resume_as_it_was(&mut self, pid: i32) {
        let in_call = matches!(self.tracee(pid).state, State::InCall(_));
        let how = if in_call { Resume::ToSyscallStop } else { Resume::Run };
        self.resume(pid, how, false);
    }

    fn entered(&mut self, pid: i32, now: i64) {
        let Ok(entry) = ptrace::entry(pid) else {
            return self.resume(pid, Resume::Run, false);
        };
        let foreign = entry.architecture != NATIVE || entry.number & X32 != 0;
        if let Some(agent) = &mut self.agent
            && agent.puts_off(pid, &entry, foreign)
        {
            return self.resume(pid, Resume::ToSyscallStop, false);
        }
        if self.is_taken_over(pid, &entry, now) {
            return self.resume(pid, Resume::Run, false);
        }
        if self.restarts(pid, &entry) {
            return self.resume(pid, Resume::ToSyscallStop, true);
        }
        let plan = if foreign { None } else { self.plans.of_call(entry.number, &entry.arguments) };
        let Some(plan) = plan else {
            if foreign {
                self.outcome.foreign_calls += 1;
            } else if self.plans.not_selected().contains(&entry.number) {
                self.outcome.not_selected += 1;
            } else {
                *self.outcome.not_recorded.entry(entry.number).or_default() += 1;
            }
            // It may be the call that sets the CPUs, or tells of them.
            self.let_go_of_all();
            let watched = self.tracee(pid).watched.is_some();
            let how = if watched { Resume::ToSyscallStop } else { Resume::Run };
            return self.resume(pid, how, false);
        };
        let declared = self.plans.plan(plan);
        if declared.is_refused && ptrace::refuse(pid).is_ok() {
            *self.outcome.refused.entry(plan).or_default() += 1;
        }
        let process = self.tracee(pid).process;
        let (blobs, bytes) = self.fetch_at_entry(pid, declared, entry.arguments);
        let paths = &self.paths;
        if !paths.admit(pid, &declared.files, &entry.arguments, &blobs, &bytes) {
            self.outcome.not_selected += 1;
            self.tracee(pid).spare = (blobs, bytes);
            return self.resume(pid, Resume::Run, !declared.call.cpus);
        }
        let seen: Vec<_> = blobs.iter().map(|blob| blob_bytes(&bytes, blob)).collect();
        let arguments = entry.arguments;
        let observed = Observed { arguments, returned: None, memory: &seen, element: None };
        let look = look(pid, process, ids(&self.agent, &mut self.next_id), &mut self.producer);
        let called_id = self.files.before(declared, &observed, look);
        let call = PendingCall {
            plan,
            number: entry.number,
            instruction_pointer: entry.instruction_pointer,
            arguments: entry.arguments,
            called_id,
            time_called: now,
            blobs,
            bytes,
        };
        if declared.returns() {
            if declared.call.at_entry {
                self.producer.push(Event::Entered { called_id });
            }
            self.tracee(pid).state = State::InCall(call);
            if declared.call.cpus {
                self.let_go_of_all();
            }
            // A new task starts with its creator's mask.
            let hold = !declared.creates_task() && !declared.call.cpus;
            self.resume(pid, Resume::ToSyscallStop, hold);
        } else {
            self.emit(pid, call, None, called_id, now);
            self.resume(pid, Resume::Run, false);
        }
    }

    /// Whether the call that is entered is the interrupted one again; if it isn't, that one failed
    /// with `EINTR`.
    fn restarts(&mut self, pid: i32, entry: &ptrace::Entry) -> bool {
        let tracee = self.tracee(pid);
        let State::Interrupted(call, id, time) = std::mem::take(&mut tracee.state) else {
            return false;
        };
        if let Some(agent) = &self.agent {
            agent.use_hook(pid, true);
        }
        // restart_syscall(2) takes the place of calls that must not start over.
        let is_same = entry.instruction_pointer == call.instruction_pointer
            && (entry.number != call.number || entry.arguments == call.arguments);
        if is_same {
            self.tracee(pid).state = State::InCall(call);
        } else {
            self.emit(pid, call, Some((-1, libc::EINTR)), id, time);
        }
        is_same
    }

    fn left(&mut self, pid: i32, now: i64) {
        if let Some(agent) = &mut self.agent
            && agent.makes_again(pid)
        {
            return self.resume(pid, Resume::Run, false);
        }
        let Ok((value, is_error)) = ptrace::exit(pid) else {
            return self.resume_as_it_was(pid);
        };
        let id = self.take_id();
        let mut made = None;
        if let State::InCall(call) = std::mem::take(&mut self.tracee(pid).state) {
            let errno = if is_error { i32::try_from(-value).unwrap_or(i32::MAX) } else { 0 };
            if (ERESTARTSYS..=LAST_RESTART).contains(&errno) {
                self.interrupted(pid, call, id, now);
            } else {
                let returned = if is_error { (-1, errno) } else { (value, 0) };
                let (plan, arguments) = (call.plan, call.arguments);
                made = Some(call.number);
                self.emit(pid, call, Some(returned), id, now);
                self.show_files(pid, plan, arguments, returned);
            }
        }
        self.equip(pid, (!is_error).then_some(value), made);
        self.resume(pid, Resume::Run, true);
    }

    /// Shows the files a call that was made.
    fn show_files(&mut self, pid: i32, plan: usize, arguments: [u64; 6], returned: (i64, i32)) {
        let process = self.tracee(pid).process;
        let observed = Observed { arguments, returned: Some(returned), memory: &[], element: None };
        let look = look(pid, process, ids(&self.agent, &mut self.next_id), &mut self.producer);
        let plan = self.plans.plan(plan);
        self.files.after(plan, &observed, look);
        self.watch();
        if let (Some(agent), (descriptor, 0)) = (&mut self.agent, returned)
            && plan.call.returns(arguments) == Returns::Descriptor
        {
            agent.opened(process, descriptor);
        }
    }

    /// Copies what the kernel left in memory, and hands the call on.
    fn emit(
        &mut self,
        pid: i32,
        mut call: PendingCall,
        returned: Option<(i64, i32)>,
        returned_id: i64,
        time_returned: i64,
    ) {
        let plan: &Plan = self.plans.plan(call.plan);
        if !self.outcome.executed {
            self.outcome.last_error = returned.map(|(_, errno)| errno);
        }
        self.outcome.calls += 1;
        if let (Some(_), Some((value @ 1.., 0))) = (&plan.call.hides, returned) {
            *self.outcome.hidden.entry(call.plan).or_default() += value as u64;
        }
        let batch = self.producer.batch();
        let base = batch.bytes.len();
        let first = batch.blobs.len();
        let shift = |range: std::ops::Range<usize>| base + range.start..base + range.end;
        batch.bytes.extend_from_slice(&call.bytes);
        batch.blobs.extend(call.blobs.drain(..).map(|blob| match blob {
            Blob::Absent => Blob::Absent,
            Blob::Copied(range) => Blob::Copied(shift(range)),
            Blob::Failed(range) => Blob::Failed(shift(range)),
        }));
        let blobs = first..batch.blobs.len();
        // A call that never returned left nothing behind.
        let exit = if returned.is_some() { &plan.exit[..] } else { &[] };
        for (number, fetch) in exit {
            let seen = &batch.blobs[blobs.clone()];
            let blob = copy_after(
                &Pid::from_raw(pid),
                fetch,
                call.arguments,
                returned,
                seen,
                &mut batch.bytes,
            );
            batch.blobs[first + number] = blob;
        }
        self.producer.push(Event::Call(CallEvent {
            plan: call.plan,
            number: call.number as u32,
            task: pid,
            called_id: call.called_id,
            returned_id,
            time_called: call.time_called,
            time_returned,
            arguments: call.arguments,
            returned,
            blobs,
        }));
        if let Some(tracee) = self.tracees.get_mut(&pid) {
            tracee.spare = (call.blobs, call.bytes);
        }
    }

    /// A thread other than the first that runs a new program takes the first one's id, and all others
    /// are gone by then (ptrace(2), "execve(2) under ptrace").
    fn executed(&mut self, pid: i32) {
        self.outcome.executed = true;
        if let Ok(former) = ptrace::event_message(pid)
            && let former = former as i32
            && former != pid
            && let Some(other) = self.tracees.get_mut(&former)
        {
            let state = std::mem::take(&mut other.state);
            let first = std::mem::replace(&mut self.tracee(pid).state, state);
            self.never_returned(pid, first);
            self.abandoned(pid);
            self.forget(former, None);
        }
        let process = self.tracee(pid).process;
        self.files.ending(look(
            pid,
            process,
            ids(&self.agent, &mut self.next_id),
            &mut self.producer,
        ));
        self.files.gone(process);
        if self.agent.is_some() {
            self.tracee(pid).executed = true;
            return self.resume(pid, Resume::ToSyscallStop, false);
        }
        self.resume_as_it_was(pid);
    }

    /// The thread is about to end, and still has its descriptors. A call that it is in won't return; it comes
    /// before the end.
    fn ending(&mut self, pid: i32) {
        let state = std::mem::take(&mut self.tracee(pid).state);
        self.never_returned(pid, state);
        self.abandoned(pid);
        let process = self.tracee(pid).process;
        self.files.ending(look(
            pid,
            process,
            ids(&self.agent, &mut self.next_id),
            &mut self.producer,
        ));
        let id = self.take_id();
        self.tracee(pid).ending_id = Some(id);
        self.resume(pid, Resume::Run, false);
    }

    fn ended(&mut self, pid: i32, end: TaskEnd) {
        if Some(pid) == self.root {
            self.outcome.end = Some(end);
        }
        self.forget(pid, Some(end));
    }

    /// The thread is gone; a call that it was in never returned.
    fn forget(&mut self, pid: i32, end: Option<TaskEnd>) {
        self.abandoned(pid);
        if let Some(agent) = &mut self.agent {
            agent.forget(pid);
        }
        let Some(mut tracee) = self.tracees.remove(&pid) else { return };
        if tracee.ending_id.is_none() {
            self.files.ending(look(
                pid,
                tracee.process,
                ids(&self.agent, &mut self.next_id),
                &mut self.producer,
            ));
        }
        if !self.tracees.values().any(|other| other.process == tracee.process) {
            self.files.gone(tracee.process);
        }
        self.never_returned(pid, std::mem::take(&mut tracee.state));
        let last_id = tracee.ending_id.unwrap_or_else(|| self.take_id());
        let Tracee { process, parent, first_id, .. } = tracee;
        let task = TaskEvent { task: pid, process, parent, first_id, last_id, end };
        self.producer.push(Event::Task(task));
    }
}

/// What the agent has to hear of, and says.
impl Tracer<'_> {
    /// Tells it which files are mapped.
    fn watch(&mut self) {
        if let Some(agent) = &mut self.agent
            && let Some(files) = self.files.changed()
        {
            agent.watch(files);
        }
    }

    fn begin(&self) {
        if let Some(agent) = &self.agent {
            agent.begin();
        }
    }

    fn settle(&mut self) {
        self.watch();
        self.producer.settle();
        if let Some(agent) = &mut self.agent {
            agent.settle();
        }
    }

    fn appeared(&mut self, pid: i32) {
        let tracee = Tracee::found(pid, self.take_id());
        self.files.created(tracee.process, tracee.parent);
        if let Some(agent) = &mut self.agent {
            agent.appeared(pid, tracee.process, tracee.parent);
        }
        self.tracees.insert(pid, tracee);
    }

    fn created(&mut self, pid: i32) {
        if let Some(agent) = &mut self.agent
            && let Ok(child) = ptrace::event_message(pid)
        {
            agent.created(pid, child as i32);
        }
        self.resume_as_it_was(pid);
    }

    fn signalled(&mut self, pid: i32, signal: i32, now: i64) {
        let Some(agent) = &mut self.agent else {
            let _ = ptrace::resume(pid, self.how(Resume::Run), signal);
            return;
        };
        let tracee = self.tracees.get_mut(&pid).expect("every tracee that stops is known");
        if std::mem::take(&mut tracee.steps) && signal == libc::SIGTRAP {
            // A handler's first instruction, or there was none and it made a step.
            if ptrace::signal_code(pid) == Ok(libc::SIGTRAP) {
                let _ = agent.handles(pid);
            }
            let _ = ptrace::resume(pid, Resume::Run, 0);
            return;
        }
        let (what, taken) = agent.signalled(pid, signal);
        if let Some(taken) = taken {
            self.take_over(pid, taken, now);
        }
        let (how, signal) = match what {
            Signalled::Deliver => (Resume::Run, signal),
            Signalled::Step => (Resume::Step, signal),
            Signalled::Drop => (Resume::Run, 0),
        };
        self.tracee(pid).steps = what == Signalled::Step;
        let _ = ptrace::resume(pid, how, signal);
    }

    /// Whether the call that `pid` makes is the hook asking for help; if not, the agent knows of it.
    fn is_taken_over(&mut self, pid: i32, entry: &ptrace::Entry, now: i64) -> bool {
        let Some(agent) = &mut self.agent else { return false };
        if agent.is_asked(entry) {
            if let Some(taken) = agent.asked(pid) {
                self.take_over(pid, taken, now);
            }
            return true;
        }
        let watched = agent.is_making(pid, entry);
        self.tracee(pid).watched = watched.then_some((entry.number, entry.arguments));
        false
    }

    /// After a call that succeeded with `value`, or failed, number `made` if it was recorded: the agent does what
    /// it has to.
    fn equip(&mut self, pid: i32, value: Option<i64>, made: Option<u64>) {
        let Some(agent) = &mut self.agent else { return };
        let tracee = self.tracees.get_mut(&pid).expect("every tracee that stops is known");
        let watched = tracee.watched.take();
        if std::mem::take(&mut tracee.executed) {
            agent.executed(pid, tracee.process);
        } else if let (Some((number, arguments)), Some(value)) = (watched, value) {
            agent.made(pid, number, &arguments, value);
        } else if let Some(number) = made {
            agent.counts_call(pid, number);
        }
    }

    /// Goes on with a call that the hook began.
    fn take_over(&mut self, pid: i32, taken: Taken, now: i64) {
        let Some(plan) = self.plans.by_number(taken.number) else { return };
        let (blobs, bytes) = self.fetch_at_entry(pid, self.plans.plan(plan), taken.arguments);
        let Taken { number, arguments, instruction_pointer, called_id, time_called, end } = taken;
        let call = PendingCall {
            plan,
            number,
            instruction_pointer,
            arguments,
            called_id,
            time_called,
            blobs,
            bytes,
        };
        let id = |tracer: &mut Self, id: Option<i64>| id.unwrap_or_else(|| tracer.take_id());
        match end {
            End::Interrupted => {
                let id = self.take_id();
                self.interrupted(pid, call, id, now);
            }
            End::Returned { value, id: taken } => {
                let id = id(self, taken);
                self.emit(pid, call, Some(value), id, now);
            }
            End::Never => {
                let id = self.take_id();
                self.emit(pid, call, None, id, now);
            }
        }
    }

    /// A call that `pid` made in the hook will never return.
    fn abandoned(&mut self, pid: i32) {
        if let Some(agent) = &mut self.agent
            && let Some(taken) = agent.never_returned(pid)
        {
            self.take_over(pid, taken, clock::now());
        }
    }

    /// Whether the kernel restarts `call` is seen at the next one, which therefore has to be seen.
    fn interrupted(&mut self, pid: i32, call: PendingCall, id: i64, now: i64) {
        if let Some(agent) = &self.agent {
            agent.use_hook(pid, false);
        }
        self.tracee(pid).state = State::Interrupted(call, id, now);
    }
}

impl Tracer<'_> {
    /// Makes the fetches that are made when a call is entered.
    fn fetch_at_entry(
        &mut self,
        pid: i32,
        declared: &Plan,
        arguments: [u64; 6],
    ) -> (Vec<Blob>, Vec<u8>) {
        let spare = self.tracees.get_mut(&pid).map(|tracee| std::mem::take(&mut tracee.spare));
        let (mut blobs, mut bytes) = spare.unwrap_or_default();
        blobs.clear();
        blobs.resize(declared.call.fetches.len(), Blob::Absent);
        bytes.clear();
        for (number, fetch) in &declared.entry {
            blobs[*number] =
                copy_after(&Pid::from_raw(pid), fetch, arguments, None, &blobs, &mut bytes);
        }
        (blobs, bytes)
    }

    fn never_returned(&mut self, pid: i32, state: State) {
        match state {
            State::Running => {}
            State::InCall(call) | State::Interrupted(call, ..) => {
                let id = self.take_id();
                self.emit(pid, call, None, id, clock::now());
            }
        }
    }
}

impl Tracee {
    /// A tracee that stopped for the first time.
    fn found(pid: i32, first_id: i64) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().parse().ok()
        };
        Self {
            process: field("Tgid:").unwrap_or(pid),
            parent: field("PPid:"),
            first_id,
            ending_id: None,
            state: State::Running,
            watched: None,
            steps: false,
            executed: false,
            place: Place::default(),
            spare: Default::default(),
        }
    }
}

fn ids<'l>(agent: &'l Option<Agent>, next: &'l mut i64) -> Ids<'l> {
    agent.as_ref().map_or(Ids::Tracer(next), Ids::Agent)
}

/// A look at files on behalf of `task`, which is stopped.
fn look<'l>(task: i32, process: i32, ids: Ids<'l>, producer: &'l mut Producer) -> Look<'l> {
    Look { task, process, ids, producer }
}
