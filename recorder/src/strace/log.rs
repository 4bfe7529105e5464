//! One conversion, from the logs to the finished trace.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use dataseries::Codec;
use replay_core::command_line::one_of;
use replay_core::registry::{PluginOptions, Registry, RegistryError};
use replay_schema::added::{self, info, state};

use crate::compressor::Choice;
use crate::encode::{EXTENT_SIZE, Encoder, Totals};
use crate::event::{Batch, TaskEnd, UNKNOWN_TIME};
use crate::info::Info;
use crate::output::{Keep, Output};
use crate::payload::Payload;
use crate::pipeline::{Pipeline, Producer};
use crate::plan::{PlanError, Plans};
use crate::record::start;
use crate::sink::{self, AddedRows, Cell, SinkError};
use crate::strace::clock::Clock;
use crate::strace::convert::Converter;
use crate::strace::counts::Counts;
use crate::strace::input::{Line, Lines};
use crate::strace::line::{Body, Stamp, split};
use crate::strace::merge;
use crate::strace::value::Malformed;

/// Malformed lines that are told one by one.
const MOST_TOLD: u64 = 10;

/// What to convert, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// The trace's file.
    pub output: PathBuf,
    /// The logs; `-` is standard input.
    pub logs: Vec<PathBuf>,
    /// Whether a malformed line ends the conversion.
    pub strict: bool,
    /// Where the first process started, if somebody knows.
    pub cwd: Option<OsString>,
    /// Its umask.
    pub umask: Option<u32>,
    /// Which plugins there are.
    pub plugins: PluginOptions,
    /// How extents are compressed.
    pub codec: Codec,
}

/// Why there is no trace, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// The plugins.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// What they declare.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The trace's file.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// A log can't be read.
    #[error("{}: {error}", path.display())]
    Read {
        /// The log.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The trace would be written over a log.
    #[error("-o {}: that is the log, which would be lost; name another file", .0.display())]
    IsLog(PathBuf),
    /// A line that isn't strace's, where all must be.
    #[error("{}:{number}: {what}", path.display())]
    Malformed {
        /// The log.
        path: PathBuf,
        /// The line, from 1.
        number: u64,
        /// What is wrong.
        what: String,
    },
    /// Several logs whose lines have no times.
    #[error(
        "{}: its lines have no times, so that nothing tells how the logs' calls followed one another: \
         make them with strace -ff -ttt -T, or one log with -f",
        path.display()
    )]
    NoOrder {
        /// One of the logs.
        path: PathBuf,
    },
}

/// What came of it.
#[derive(Debug)]
pub struct Conversion {
    /// What was in the logs.
    pub counts: Counts,
    /// Rows, and what they lack.
    pub totals: Totals,
    /// Lines, in all logs.
    pub lines: u64,
    /// Lines that weren't as strace prints them.
    pub malformed: u64,
    /// The first of them, as `file:line: what`.
    pub told: Vec<String>,
    /// How many logs there were.
    pub logs: usize,
    /// How the first task ended, if the log tells.
    pub end: Option<TaskEnd>,
    /// What can't be captured of the plugins' declarations.
    pub warnings: Vec<String>,
}

/// Where the lines of a log come from.
pub(super) type Input = Lines<Box<dyn Read>>;

/// A log that is being read.
pub(super) struct Log {
    /// Its file.
    pub path: PathBuf,
    /// The task that it is of, if its name tells (`-ff`).
    pub task: Option<i32>,
    pub lines: Input,
    pub clock: Clock,
}

/// Counts malformed lines.
#[derive(Debug, Default)]
pub(super) struct Complaints {
    is_strict: bool,
    pub count: u64,
    pub told: Vec<String>,
}

impl Complaints {
    /// Line `number` of `path` isn't as strace prints them.
    ///
    /// # Errors
    /// That must not be.
    pub fn add(&mut self, path: &Path, number: u64, what: String) -> Result<(), ConvertError> {
        if self.is_strict {
            return Err(ConvertError::Malformed { path: path.to_owned(), number, what });
        }
        self.count += 1;
        if self.count <= MOST_TOLD {
            self.told.push(format!("{}:{number}: {what}", path.display()));
        }
        Ok(())
    }
}

/// Converts the logs.
///
/// # Errors
/// Why there is no trace, or not all of it. The file may then hold a part.
pub fn convert(options: &Options) -> Result<Conversion, ConvertError> {
    if one_of(&options.logs, &options.output).is_some() {
        return Err(ConvertError::IsLog(options.output.clone()));
    }
    let logs = options.logs.iter().map(|path| open(path)).collect::<Result<Vec<_>, _>>()?;
    let registry = Registry::open(&options.plugins)?;
    let plans = Plans::new(&registry, &[], &[])?;
    let library = sink::library(&plans.calls);
    let encoder = Encoder::new(&plans.calls, Payload::default())?.of_the_past();
    let mut output =
        Output::create(&options.output, library, Choice::Always(options.codec), Keep::All)?;
    for mut extent in [opening(&registry)?, initial(options)?].into_iter().flatten() {
        output.open(&mut extent)?;
    }

    let (pipeline, mut producer) = Pipeline::start(encoder, output);
    if let (Some(plan), Some(umask)) = (plans.start, options.umask) {
        start(&mut producer, &plans, plan, 0, umask as i32, UNKNOWN_TIME);
    }
    let mut converter = Converter::new(&plans, producer, 1);
    let mut complaints = Complaints { is_strict: options.strict, ..Complaints::default() };
    let read = match <[Log; 1]>::try_from(logs) {
        Ok([mut log]) => follow(&mut log, &mut converter, &mut complaints),
        Err(logs) => merge::follow(logs, &mut converter, &mut complaints),
    };
    // The threads end when there is nothing more to come, whatever came before.
    let (counts, end) = converter.finish();
    let (totals, output) = pipeline.join()?;
    let lines = read?;
    output.finish(closing(&counts, &totals, complaints.count)?)?;
    let Complaints { count: malformed, told, .. } = complaints;
    let warnings = plans.warnings.clone();
    let logs = options.logs.len();
    Ok(Conversion { counts, totals, lines, malformed, told, logs, end, warnings })
}

/// What a log in memory becomes before rows are made of it: its calls with the memory that it shows, what was
/// found in it, and how many of its lines made no sense.
pub fn events(log: &[u8], plans: &Plans) -> (Vec<Batch>, Counts, u64) {
    let (producer, batches) = Producer::detached();
    let mut converter = Converter::new(plans, producer, 1);
    let mut clock = Clock::default();
    let mut malformed = 0;
    for line in log.split(|byte| *byte == b'\n') {
        malformed += u64::from(take(line, None, &mut clock, &mut converter).is_err());
    }
    let (counts, _) = converter.finish();
    (batches.into_iter().collect(), counts, malformed)
}

fn open(path: &Path) -> Result<Log, ConvertError> {
    let input: Box<dyn Read> = match path.as_os_str().as_bytes() {
        b"-" => Box::new(io::stdin()),
        _ => Box::new(File::open(path).map_err(|error| {
            let path = path.to_owned();
            ConvertError::Read { path, error }
        })?),
    };
    let suffix = path.extension().and_then(|suffix| suffix.to_str());
    let task = suffix.and_then(|suffix| suffix.parse().ok()).filter(|task| *task > 0);
    Ok(Log { path: path.to_owned(), task, lines: Lines::new(input), clock: Clock::default() })
}

/// Takes in the lines of one log, in their order. Returns how many there were.
fn follow(
    log: &mut Log,
    converter: &mut Converter<'_>,
    complaints: &mut Complaints,
) -> Result<u64, ConvertError> {
    let Log { path, task, lines, clock } = log;
    loop {
        let number = lines.number + 1;
        let line = lines.next().map_err(|error| {
            let path = path.clone();
            ConvertError::Read { path, error }
        })?;
        let taken = match line {
            None => return Ok(number - 1),
            Some(Line::TooLong) => Err("a line that is too long".to_owned()),
            Some(Line::Whole(line)) => take(line, *task, clock, converter),
        };
        if let Err(what) = taken {
            complaints.add(path, number, what)?;
        }
    }
}

fn take(
    line: &[u8],
    of_file: Option<i32>,
    clock: &mut Clock,
    converter: &mut Converter<'_>,
) -> Result<(), String> {
    let (prefix, body) = split(line).ok_or_else(|| NOT_STRACE.to_owned())?;
    let time = clock.time(prefix.stamp);
    if matches!(body, Body::Call { .. } | Body::Entered { .. }) {
        let has_date = matches!(prefix.stamp, None | Some(Stamp::Epoch(_)));
        converter.counts.without_date += u64::from(!has_date);
    }
    let shift = line.len() - text_length(&body, line);
    converter.line(&prefix, &body, of_file, time).map_err(|malformed| placed(malformed, shift))
}

/// What is said of a line that is none of strace's.
pub(super) const NOT_STRACE: &str = "not a line of strace's";

/// The length of what is told of a call in a line.
fn text_length(body: &Body<'_>, line: &[u8]) -> usize {
    match body {
        Body::Call { text, .. } | Body::Entered { text, .. } => text.len(),
        _ => line.len(),
    }
}

fn placed(malformed: Malformed, shift: usize) -> String {
    let Malformed { what, at } = malformed;
    Malformed { what, at: at + shift }.to_string()
}

/// What the trace says of itself at its beginning.
fn opening(registry: &Registry) -> Result<Option<dataseries::Packed>, SinkError> {
    let converter = concat!("strace2ds ", env!("CARGO_PKG_VERSION"));
    Info::of(converter, "strace").plugins(registry).rows()
}

/// What somebody knows of the first process.
fn initial(options: &Options) -> Result<Option<dataseries::Packed>, SinkError> {
    let mut rows = AddedRows::new(added::STATE, EXTENT_SIZE)?;
    let task = Cell::Number(0);
    if let Some(cwd) = &options.cwd {
        let (key, value) = (Cell::Bytes(state::CWD.as_bytes()), Cell::Bytes(cwd.as_bytes()));
        rows.push(&[Cell::Null, key, Cell::Null, Cell::Null, task, value]);
    }
    if let Some(umask) = options.umask {
        let key = Cell::Bytes(state::UMASK.as_bytes());
        let number = Cell::Number(umask.into());
        rows.push(&[Cell::Null, key, number, Cell::Null, task, Cell::Null]);
    }
    Ok(rows.take())
}

/// What the trace says of itself at its end.
fn closing(
    counts: &Counts,
    totals: &Totals,
    malformed: u64,
) -> Result<Option<dataseries::Packed>, SinkError> {
    let mut info = Info::default();
    info.count(info::CALLS, counts.calls);
    info.count(info::BUFFERS_NOT_CAPTURED, totals.buffers_not_captured);
    info.count(info::VALUES_NOT_CAPTURED, totals.values_unseen);
    info.count(info::FOREIGN_ABI_CALLS, counts.foreign_calls);
    info.count(info::MALFORMED_LINES, malformed);
    for (name, count) in &counts.not_recorded {
        info.say(info::NOT_RECORDED, format!("{count} {name}"));
    }
    for what in counts.not_in_log() {
        info.say(info::NOT_IN_LOG, what);
    }
    info.complete().rows()
}
