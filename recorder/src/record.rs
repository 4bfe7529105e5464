//! One recording, from the command to the finished file.

use std::ffi::OsString;
use std::mem::ManuallyDrop;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::Pid;
use replay_core::registry::{PluginOptions, Registry, RegistryError};

use crate::agent::{self, table::Stops};
use crate::attach::{self, AttachError};
use crate::backend::Backend;
use crate::clock;
use crate::compressor::Choice;
use crate::encode::{Encoder, Totals};
use crate::event::{Blob, CallEvent, Event, TaskEnd};
use crate::files::Files;
use crate::info;
use crate::inherited;
use crate::mapped::Mapped;
use crate::mapped::reads::Reads;
use crate::output::{Keep, Lost, Output};
use crate::own_rows;
use crate::paths::Paths;
use crate::payload::Payload;
use crate::pipeline::{Pipeline, Producer};
use crate::plan::{PlanError, Plans, name_of};
use crate::select::Selection;
use crate::signals;
use crate::sink::{self, SinkError};
use crate::snapshot::{Level, Snapshot};
use crate::spawn::{Command, SpawnError};
use crate::state::InitialState;
use crate::tracer::{Outcome, Tracer};

/// What to record, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The trace's file.
    pub output: PathBuf,
    /// What is recorded.
    pub subject: Subject,
    /// Which calls.
    pub selections: Vec<Selection>,
    /// The paths that calls have to be on; any if there are none.
    pub paths: Vec<PathBuf>,
    /// Which plugins there are.
    pub plugins: PluginOptions,
    /// How extents are compressed.
    pub codec: Choice,
    /// How calls are captured.
    pub backend: Backend,
    /// Calls that a program makes before the agent equips it.
    pub agent_after: u32,
    /// Calls to let through although their plugins want them refused.
    pub allowed: Vec<String>,
    /// What is stored of the files that the program comes upon.
    pub snapshot: Level,
    /// Contents of more bytes aren't.
    pub snapshot_limit: u64,
    /// Whether the content of files that are mapped is recorded.
    pub mmap_content: bool,
    /// What of it is kept.
    pub keep: Keep,
    /// What makes a flight recorder write.
    pub dump_on: Vec<DumpOn>,
    /// What of data and environments is kept.
    pub payload: Payload,
    /// How long a plugin that writes rows itself may take for a call's.
    pub plugin_timeout: Duration,
}

/// What is recorded.
#[derive(Clone, Debug)]
pub enum Subject {
    /// A program that is run for it.
    Program {
        /// The program and its arguments.
        words: Vec<OsString>,
        /// `NAME=value` or `NAME` to remove.
        environment: Vec<OsString>,
    },
    /// Processes that run already, and all that they make.
    Processes(Vec<i32>),
}

impl Subject {
    /// The command, as far as it is known.
    pub fn command(&self) -> Vec<Vec<u8>> {
        match self {
            Self::Program { words, .. } => {
                words.iter().map(|word| word.as_bytes().to_vec()).collect()
            }
            Self::Processes(pids) => pids.iter().flat_map(|pid| attach::command(*pid)).collect(),
        }
    }
}

/// What makes a flight recorder write what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DumpOn {
    /// The recorder gets this signal.
    Signal(Signal),
    /// The program ends with another status than 0, or by a signal.
    Failure,
    /// The program ends.
    End,
}

impl FromStr for DumpOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "exit" => Ok(Self::End),
            "exit!=0" | "exit≠0" | "failure" => Ok(Self::Failure),
            "SIGUSR1" | "USR1" => Ok(Self::Signal(Signal::SIGUSR1)),
            "SIGUSR2" | "USR2" => Ok(Self::Signal(Signal::SIGUSR2)),
            _ => Err("say SIGUSR1, SIGUSR2, exit or exit!=0".to_owned()),
        }
    }
}

/// Why nothing, or not all, was recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The plugins.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The selection of calls, or the plugins.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The program.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The processes.
    #[error(transparent)]
    Attach(#[from] AttachError),
    /// No key to hide data with.
    #[error("--hash-payload: {0}")]
    NoKey(std::io::Error),
    /// The paths.
    #[error("--path: {0}")]
    Paths(std::io::Error),
    /// The file.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The kernel.
    #[error("cannot {doing}: {error}")]
    System {
        /// What.
        doing: &'static str,
        /// Why.
        error: nix::Error,
    },
    /// The agent was asked for, and can't run.
    #[error("the agent can't run here: {why}; `--backend ptrace` can")]
    NoAgent {
        /// Why.
        why: String,
    },
    /// The program's file couldn't be run.
    #[error("{program}: it can't be run: {error}")]
    NotRun {
        /// The program.
        program: String,
        /// Why.
        error: nix::Error,
    },
}

/// What came of a recording.
#[derive(Debug)]
pub struct Recording {
    /// How the program ended.
    pub end: TaskEnd,
    /// Calls, and those that weren't recorded.
    pub outcome: Outcome,
    /// Rows, and what they lack.
    pub totals: Totals,
    /// Rows that aren't kept.
    pub lost: Lost,
    /// How many files there are.
    pub files: usize,
    /// How many extents weren't compressed, for want of time.
    pub plain_extents: u64,
    /// What can't be captured of the plugins' declarations, or isn't there on this machine.
    pub warnings: Vec<String>,
    /// Why it was done by this backend.
    pub why: String,
    /// Calls that were refused, and what wasn't seen of others, for people.
    pub passed_over: Vec<String>,
}

/// Runs the program and records it, to its end; or records processes until they end or the recorder is
/// asked to.
///
/// # Errors
/// Why nothing, or not all, was recorded. The file may then hold a part.
pub fn record(options: &Options) -> Result<Recording, RecordError> {
    // Hundreds of declarations: the process ends sooner than they are taken apart.
    let registry = ManuallyDrop::new(Registry::open(&options.plugins)?);
    let plans = Plans::new(&registry, &options.selections, &options.allowed)?;
    let plans = ManuallyDrop::new(plans);
    let paths = Paths::new(&options.paths).map_err(RecordError::Paths)?;

    let library = sink::library(&plans.calls);
    let encoder =
        Encoder::new(&plans.calls, options.payload.clone())?.with_patience(options.plugin_timeout);
    let obstacle = match &options.subject {
        Subject::Processes(_) => Some("running processes can't be equipped with it"),
        Subject::Program { .. } if !options.paths.is_empty() => {
            Some("it doesn't tell calls apart by their paths")
        }
        Subject::Program { .. } => None,
    };
    let wanted = Stops { names: options.snapshot != Level::None, mappings: options.mmap_content };
    let chosen = options.backend.choose(&plans, obstacle, wanted, options.agent_after);
    let chosen = chosen.map_err(|why| RecordError::NoAgent { why })?;
    let (backend, why) = (chosen.name(), chosen.why.clone());
    inherited::survive_limits().map_err(system("handle signals"))?;
    let begun = match &options.subject {
        Subject::Program { words, environment } => {
            let command = Command::new(words, environment)?;
            let output = Output::create(&options.output, library, options.codec, options.keep)?;
            // The child is made while this process has one thread.
            let program = command.spawn(&chosen.filter(&plans))?;
            signals::leave_to(program).map_err(system("handle signals"))?;
            Begun { output, program: Some(program), processes: vec![program.as_raw()] }
        }
        Subject::Processes(processes) => {
            let output = Output::create(&options.output, library, options.codec, options.keep)?;
            signals::note_end().map_err(system("handle signals"))?;
            processes.iter().try_for_each(|process| attach::attach(*process).map(drop))?;
            Begun { output, program: None, processes: processes.clone() }
        }
    };
    for dump_on in &options.dump_on {
        if let DumpOn::Signal(signal) = dump_on {
            signals::dump_on(*signal).map_err(system("handle signals"))?;
        }
    }
    let Begun { mut output, program, processes } = begun;
    let mut states = Vec::new();
    for process in processes {
        states.push((Pid::from_raw(process), InitialState::of(process, program.is_some())));
    }
    let mut opening = vec![info::opening(options, &registry, backend)?];
    for (process, state) in &states {
        opening.push(state.rows(*process)?);
    }
    for mut extent in opening.into_iter().flatten() {
        output.open(&mut extent)?;
    }

    let (pipeline, mut producer) = Pipeline::start(encoder, output);
    if let (Some(plan), Some((process, state))) = (plans.start, states.first()) {
        start(&mut producer, &plans, plan, process.as_raw(), state.umask, clock::now());
    }
    let mut snapshot = Snapshot::new(options.snapshot, options.snapshot_limit);
    if let Some(snapshot) = &mut snapshot {
        for (_, state) in &states {
            snapshot.begin(state, &mut producer);
        }
    }
    let connected = chosen.connect(&plans, producer);
    let no_thread = |_| system("start a thread")(nix::Error::EAGAIN);
    let (agent, merger, producer) = connected.map_err(no_thread)?;
    let reads = options.mmap_content.then(|| Reads::new(&plans)).flatten();
    let files = Files::new(snapshot, Mapped::new(&plans), reads);
    let traced = Tracer::new(&plans, producer, agent, program, 1, paths, files).run();
    signals::forget_program();
    let mut outcome = traced.map_err(system("wait for the program"))?;
    if let Some(merger) = merger {
        outcome.merged = merger.join();
        outcome.calls += outcome.merged.calls;
    }
    let end = outcome.end.unwrap_or(TaskEnd::Status(0));
    let (totals, mut output) = pipeline.join()?;
    if options.dump_on.contains(&DumpOn::End) {
        output.dump("exit")?;
    } else if end != TaskEnd::Status(0) && options.dump_on.contains(&DumpOn::Failure) {
        output.dump("exit!=0")?;
    }
    let (lost, files, plain) = (output.lost(), output.files(), output.plain_extents());
    output.finish(info::closing(&outcome, &totals, lost, &plans)?)?;

    if let (Subject::Program { words, .. }, false) = (&options.subject, outcome.executed) {
        let error = outcome.last_error.map_or(end, TaskEnd::Status);
        let error = match error {
            TaskEnd::Status(errno) => nix::Error::from_raw(errno),
            TaskEnd::Signal(_) => nix::Error::EINTR,
        };
        let program = words[0].display().to_string();
        return Err(RecordError::NotRun { program, error });
    }
    let unknown = plans.unknown.iter().map(|name| {
        format!("a plugin is for `{name}`, which isn't a call of this machine's kernel")
    });
    let warnings = plans.warnings.iter().cloned().chain(unknown).collect();
    let passed_over = passed_over(&outcome, &plans);
    Ok(Recording {
        end,
        outcome,
        totals,
        lost,
        files,
        plain_extents: plain,
        warnings,
        why,
        passed_over,
    })
}

/// Calls that were refused, and what wasn't seen of others, a line each.
fn passed_over(outcome: &Outcome, plans: &Plans) -> Vec<String> {
    let refused = outcome.refused.iter().map(|(plan, count)| {
        let call = &plans.plan(*plan).call;
        let (name, why) = (&call.extent, call.refused.as_deref().unwrap_or_default());
        format!("{count} {name} were refused, for {why}; --allow {name} lets them through")
    });
    let hidden = outcome.hidden.iter().map(|(plan, count)| {
        let call = &plans.plan(*plan).call;
        let what = call.hides.as_deref().unwrap_or_default();
        format!("{count} {what} of {} are not in the trace", call.extent)
    });
    refused.chain(hidden).collect()
}

/// A recording of which the subject is stopped, and about to make its first call.
struct Begun {
    output: Output,
    /// The program, if it was spawned.
    program: Option<Pid>,
    processes: Vec<i32>,
}

fn system(doing: &'static str) -> impl Fn(nix::Error) -> RecordError {
    move |error| RecordError::System { doing, error }
}

/// The record before all others: which task is the first, and its umask (trace schema, §7).
pub(crate) fn start(
    producer: &mut Producer,
    plans: &Plans,
    plan: usize,
    task: i32,
    umask: i32,
    time: i64,
) {
    let blobs = plans.plan(plan).call.fetches.len();
    producer.batch().blobs.resize(blobs, Blob::Absent);
    producer.push(Event::Call(CallEvent {
        plan,
        number: 0,
        task,
        called_id: -1,
        returned_id: 0,
        time_called: time,
        time_returned: time,
        arguments: [umask as u64, 0, 0, 0, 0, 0],
        returned: Some((0, 0)),
        blobs: 0..blobs,
    }));
}

impl Recording {
    /// How it was done, a line each.
    pub fn details(&self) -> Vec<String> {
        let mut details = self.backend_details();
        if self.plain_extents > 0 {
            details.push(format!(
                "{} extents aren't compressed, so that the program had to wait less: \
                 `--codec lz4`, or `dstool repack`, makes the file smaller",
                self.plain_extents
            ));
        }
        details
    }

    fn backend_details(&self) -> Vec<String> {
        let Outcome { agent, merged, calls, .. } = &self.outcome;
        let Some(agent) = agent else {
            return vec![format!("by ptrace: {}", self.why)];
        };
        let agent::Counts { equipped, not_equipped, brief, rewritten, left, taken_over, .. } =
            agent;
        vec![
            format!("by the agent: {}", self.why),
            format!(
                "{} calls in the program, {} at stops, {taken_over} of them taken over",
                merged.calls,
                calls - merged.calls
            ),
            format!(
                "{equipped} programs with the agent, {not_equipped} that it can't be in, {brief} processes too brief for it; {rewritten} \
                 system-call instructions rewritten, {left} left as they were"
            ),
        ]
    }

    /// What people should know of it, a line each: nothing, if everything was recorded.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.warnings.clone();
        let Outcome { not_recorded, foreign_calls, .. } = &self.outcome;
        if !not_recorded.is_empty() {
            let total: u64 = not_recorded.values().sum();
            let mut by_count: Vec<_> = not_recorded.iter().collect();
            by_count.sort_by_key(|(number, count)| (std::cmp::Reverse(**count), **number));
            let names =
                by_count.iter().map(|(number, count)| format!("{} {count}", name_of(**number)));
            let names = names.collect::<Vec<_>>().join(", ");
            notes.push(format!(
                "{total} calls were not recorded, for want of an enabled plugin: {names}"
            ));
        }
        if *foreign_calls > 0 {
            notes.push(format!("{foreign_calls} calls of 32-bit programs were not recorded"));
        }
        let Lost { before, after } = self.lost;
        if after > 0 {
            notes.push(format!("{after} rows are not in the trace, which reached its size limit"));
        }
        if before > 0 {
            notes.push(format!("{before} rows were not kept, for they were the oldest"));
        }
        notes.extend(self.passed_over.iter().cloned());
        let Totals { buffers_not_captured, misdeeds, .. } = &self.totals;
        if *buffers_not_captured > 0 {
            notes.push(format!(
                "{buffers_not_captured} buffers could not be read from the program; their records say so"
            ));
        }
        notes.extend(self.outcome.files.notes());
        let damaged = self.outcome.merged.damaged;
        if damaged > 0 {
            notes.push(format!(
                "{damaged} times the program wrote over records of its calls; those are lost"
            ));
        }
        if let Some(agent) = &self.outcome.agent
            && agent.lost > 0
        {
            notes.push(format!("{} calls have no record: they couldn't be taken over", agent.lost));
        }
        notes.extend(own_rows::told(misdeeds));
        notes
    }
}
