//! One recording, from the command to the finished file.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use dataseries::{Codec, Compression, ExtentType};
use replay_core::registry::{PluginOptions, Registry, RegistryError};
use replay_schema::Call;

use crate::clock;
use crate::encode::{Encoder, Totals};
use crate::event::{Blob, CallEvent, Event, TaskEnd};
use crate::pipeline::{Pipeline, Producer};
use crate::plan::{Plans, name_of};
use crate::signals;
use crate::sink::{self, Sink, SinkError};
use crate::spawn::{Command, SpawnError};
use crate::state::{self, InitialState};
use crate::tracer::{Outcome, Tracer};

/// What to record, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The trace's file.
    pub output: PathBuf,
    /// The program and its arguments.
    pub words: Vec<OsString>,
    /// `NAME=value` or `NAME` to remove.
    pub environment: Vec<OsString>,
    /// Which plugins there are.
    pub plugins: PluginOptions,
    /// How extents are compressed.
    pub codec: Codec,
}

/// Why nothing, or not all, was recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The plugins.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The program.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
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
    /// What can't be captured of the plugins' declarations, or isn't there on this machine.
    pub warnings: Vec<String>,
}

/// Runs the program and records it, to its end.
///
/// # Errors
/// Why nothing, or not all, was recorded. The file may then hold a part.
pub fn record(options: &Options) -> Result<Recording, RecordError> {
    let registry = Registry::open(&options.plugins)?;
    let plans = Plans::new(&registry)?;
    let compression = Compression::new(&[options.codec]).unwrap_or_else(|_| Compression::none());

    let types = call_types(&plans.calls)?;
    let library: Vec<_> = types.iter().cloned().chain(sink::added_types()?).collect();
    let encoder = Encoder::new(&plans.calls, &types)?;
    let command = Command::new(&options.words, &options.environment)?;
    let mut sink = Sink::create(&options.output, &library, &compression)?;

    // The child is made while this process has one thread.
    let program = command.spawn()?;
    let system = |doing| move |error| RecordError::System { doing, error };
    signals::leave_to(program).map_err(system("handle signals"))?;
    let initial = InitialState::of(program);
    let opening = [state::opening(&options.words, &registry)?, initial.rows(program)?];
    for mut extent in opening.into_iter().flatten() {
        sink.write(&mut extent, &compression)?;
    }

    let (pipeline, mut producer) = Pipeline::start(encoder, sink, compression.clone());
    if let Some(plan) = plans.start {
        start(&mut producer, &plans, plan, program.as_raw(), initial.umask);
    }
    let traced = Tracer::new(&plans, producer, program, 1).run();
    signals::forget_program();
    let outcome = traced.map_err(system("wait for the program"))?;
    let (totals, mut sink) = pipeline.join()?;
    if let Some(mut closing) = state::closing(&outcome, &totals, &plans)? {
        sink.write(&mut closing, &compression)?;
    }
    sink.finish()?;

    let end = outcome.end.unwrap_or(TaskEnd::Status(0));
    if !outcome.executed {
        let error = outcome.last_error.map_or(end, TaskEnd::Status);
        let error = match error {
            TaskEnd::Status(errno) => nix::Error::from_raw(errno),
            TaskEnd::Signal(_) => nix::Error::EINTR,
        };
        let program = options.words[0].display().to_string();
        return Err(RecordError::NotRun { program, error });
    }
    let unknown = plans.unknown.iter().map(|name| {
        format!("a plugin is for `{name}`, which isn't a call of this machine's kernel")
    });
    let warnings = plans.warnings.iter().cloned().chain(unknown).collect();
    Ok(Recording { end, outcome, totals, warnings })
}

/// The extent types of `calls`.
fn call_types(calls: &[Arc<Call>]) -> Result<Vec<Arc<ExtentType>>, SinkError> {
    let types = calls.iter().map(|call| {
        let name = call.type_name();
        sink::extent_type(&call.extent_type(), &name)
    });
    types.collect()
}

/// The record before all others: which task is the first, and its umask (trace schema, §7).
fn start(producer: &mut Producer, plans: &Plans, plan: usize, task: i32, umask: i32) {
    let now = clock::now();
    let blobs = plans.plan(plan).call.fetches.len();
    producer.batch().blobs.resize(blobs, Blob::Absent);
    producer.push(Event::Call(CallEvent {
        plan,
        number: 0,
        task,
        called_id: -1,
        returned_id: 0,
        time_called: now,
        time_returned: now,
        arguments: [umask as u64, 0, 0, 0, 0, 0],
        returned: Some((0, 0)),
        blobs: 0..blobs,
    }));
}

impl Recording {
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
        let Totals { buffers_not_captured, panics, .. } = self.totals;
        if buffers_not_captured > 0 {
            notes.push(format!(
                "{buffers_not_captured} buffers could not be read from the program; their records say so"
            ));
        }
        if panics > 0 {
            notes.push(format!("{panics} calls have no record, because their plugin panicked"));
        }
        notes
    }
}
