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

mod calls;
mod going;
mod supervised;
mod tasks;
mod tracee;

use std::collections::{BTreeMap, HashMap};

use nix::unistd::Pid;
use tracee::Tracee;

use crate::affinity::Affinity;
use crate::agent::{self, Agent};
use crate::clock;
use crate::event::TaskEnd;
use crate::files::{self, Files};
use crate::mapped::{Ids, Look};
use crate::paths::Paths;
use crate::pipeline::Producer;
use crate::plan::Plans;
use crate::ptrace::{self, Stop, Wait};
use crate::signals;
use crate::ticks::Ticks;

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
}

fn ids<'l>(agent: &'l Option<Agent>, next: &'l mut i64) -> Ids<'l> {
    agent.as_ref().map_or(Ids::Tracer(next), Ids::Agent)
}

/// A look at files on behalf of `task`, which is stopped.
fn look<'l>(task: i32, process: i32, ids: Ids<'l>, producer: &'l mut Producer) -> Look<'l> {
    Look { task, process, ids, producer }
}
