//! `recorder -X foo.ds PROGRAM …`: runs a program and records its system calls.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use clap::builder::{PathBufValueParser, TypedValueParser};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, Signal, raise, signal};
use recorder::backend::{AGENT_AFTER, Backend};
use recorder::compressor::Choice;
use recorder::event::TaskEnd;
use recorder::output::Keep;
use recorder::own_rows;
use recorder::payload::{Environment, Payload};
use recorder::record::{DumpOn, Options, RecordError, Subject, record};
use recorder::select::Selection;
use recorder::snapshot::Level;
use replay_core::command_line::parse;
use replay_core::quantity::{seconds, size};
use replay_core::registry::PluginOptions;

/// Exit status of a recorder that couldn't run, or couldn't record.
const COULD_NOT_RUN: u8 = 2;

/// Run a program and record its system calls, with all the data they move, into a DataSeries file.
///
/// The program's input, output and errors are untouched, and the recorder ends as the program did: with
/// its exit status, or by its signal. If the recorder itself fails, its exit status is 2.
#[derive(Parser)]
#[command(name = "recorder", version, max_term_width = 100)]
#[command(group(clap::ArgGroup::new("subject").required(true).args(["attach", "words"])))]
struct Arguments {
    /// Write the trace to FILE
    #[arg(short = 'X', visible_short_alias = 'o', long = "output", value_name = "FILE", value_parser = PathBufValueParser::new().try_map(file))]
    output: PathBuf,
    /// Record process PID, which runs already, and all that it makes; Ctrl-C lets it go on by itself
    #[arg(short = 'p', long, value_name = "PID", value_delimiter = ',')]
    attach: Vec<i32>,
    /// Run the program with VAR set to VALUE, or without it
    #[arg(short = 'E', long = "set-env", value_name = "VAR[=VALUE]", conflicts_with = "attach")]
    environment: Vec<OsString>,
    /// Say nothing of what wasn't recorded
    #[arg(short, long)]
    quiet: bool,
    /// Say how much was recorded
    #[arg(short, long, conflicts_with = "quiet")]
    verbose: bool,
    /// Follow children; always on, taken for strace's sake
    #[arg(short, long, hide = true)]
    follow_forks: bool,

    /// Record only these calls, as trace=open,%file,/^f.*at$/ or trace=!futex; classes: %file, %desc,
    /// %process, %network, %signal, %ipc, %memory, %clock, %creds and those that plugins have
    #[arg(short = 'e', value_name = "trace=SET", help_heading = "What is recorded")]
    selections: Vec<Selection>,
    /// Record only calls on PATH and what is beneath it, and those that make and end processes
    #[arg(short = 'P', long = "path", value_name = "PATH", help_heading = "What is recorded")]
    paths: Vec<PathBuf>,
    /// Record at most SIZE bytes of each value that a call moves
    #[arg(short = 's', long, value_name = "SIZE", value_parser = size, help_heading = "What is recorded")]
    limit: Option<u64>,
    /// Record other bytes in place of the data that calls move: equal blocks of 32 stay equal, and nobody
    /// can tell what they were
    #[arg(long, help_heading = "What is recorded")]
    hash_payload: bool,
    /// Let calls through that would be refused since a recorder can't see what they do (io_uring_setup);
    /// how much goes unseen is told at the end
    #[arg(long, value_name = "CALLS", value_delimiter = ',', help_heading = "What is recorded")]
    allow: Vec<String>,
    /// Which strings of environments to record: all, none, or NAME,NAME
    #[arg(long, value_name = "WHICH", default_value = "all", help_heading = "What is recorded")]
    env: Environment,

    /// Compress the trace with CODEC: none, lz4, snappy, lzf, zlib or bz2; auto is lz4, less of it where
    /// the program would have to wait
    #[arg(long, value_name = "CODEC", default_value = "auto", help_heading = "The file")]
    codec: Choice,
    /// Store the files that the program comes upon, as they were before, so that `replayer prepare` can
    /// make them elsewhere
    #[arg(
        long,
        value_enum,
        value_name = "LEVEL",
        default_value_t,
        conflicts_with = "hash_payload",
        help_heading = "What is recorded"
    )]
    snapshot: Level,
    /// Leave out contents of files that are larger than SIZE (as 64M, 2G)
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "1G",
        value_parser = size,
        help_heading = "What is recorded"
    )]
    snapshot_limit: u64,
    /// Record what is in files that are mapped, each page once, when it is first mapped (mmappread)
    #[arg(long, help_heading = "What is recorded")]
    mmap_content: bool,
    /// Record calls until the file has SIZE bytes
    #[arg(
        long,
        value_name = "SIZE",
        value_parser = size,
        conflicts_with_all = ["rotate", "ring"],
        help_heading = "The file"
    )]
    max_size: Option<u64>,
    /// Begin a new file (foo.2.ds, foo.3.ds) whenever one has SIZE bytes; the replayer takes all of them
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "The file")]
    rotate: Option<u64>,
    /// Of those files keep the last COUNT
    #[arg(long, value_name = "COUNT", requires = "rotate", help_heading = "The file")]
    rotate_keep: Option<NonZeroUsize>,
    /// Fly along: keep the last SIZE bytes in memory, and write them when something happens
    #[arg(
        long,
        value_name = "SIZE",
        value_parser = size,
        requires = "dump_on",
        conflicts_with = "rotate",
        help_heading = "The file"
    )]
    ring: Option<u64>,
    /// Write them on SIGUSR1, SIGUSR2 (to the recorder), at every exit, or at exit!=0
    #[arg(
        long,
        value_name = "EVENT",
        value_delimiter = ',',
        requires = "ring",
        help_heading = "The file"
    )]
    dump_on: Vec<DumpOn>,

    /// Capture calls in this way
    #[arg(long, value_name = "BACKEND", value_enum, default_value_t, env = "RECORDER_BACKEND")]
    backend: Backend,
    /// With the agent: let a program's first CALLS calls stop at the recorder, and put the agent into it after them;
    /// brief programs would wait longer for the agent than for their stops
    #[arg(
        long,
        value_name = "CALLS",
        default_value_t = AGENT_AFTER,
        env = "RECORDER_AGENT_AFTER"
    )]
    agent_after: u32,
    #[command(flatten)]
    plugins: PluginOptions,
    /// Go on without a plugin that takes longer than SECONDS to write the rows of a call
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "10",
        value_parser = seconds,
        help_heading = "Plugins"
    )]
    plugin_timeout: Duration,
    /// The program and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "PROGRAM")]
    words: Vec<OsString>,
}

impl Arguments {
    fn options(self) -> Result<Options, RecordError> {
        let hash_key = self.hash_payload.then(Payload::key).transpose();
        let hash_key = hash_key.map_err(RecordError::NoKey)?;
        let keep = match (self.ring, self.rotate, self.max_size) {
            (Some(size), ..) => Keep::Last(size),
            (_, Some(size), _) => Keep::Files { size, most: self.rotate_keep.map(usize::from) },
            (.., Some(size)) => Keep::First(size),
            _ => Keep::All,
        };
        let subject = match self.attach.is_empty() {
            true => Subject::Program { words: self.words, environment: self.environment },
            false => Subject::Processes(self.attach),
        };
        let limit = self.limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(Options {
            output: self.output,
            subject,
            selections: self.selections,
            paths: self.paths,
            allowed: self.allow,
            plugins: self.plugins,
            codec: self.codec,
            backend: self.backend,
            agent_after: self.agent_after,
            keep,
            snapshot: self.snapshot,
            snapshot_limit: self.snapshot_limit,
            mmap_content: self.mmap_content,
            dump_on: self.dump_on,
            payload: Payload { limit, hash_key, environment: self.env },
            plugin_timeout: self.plugin_timeout,
        })
    }
}

/// The file that `name` says; standard output is the program's.
fn file(name: PathBuf) -> Result<PathBuf, &'static str> {
    if name.as_os_str() == "-" {
        return Err("standard output is the program's; ./- is a file of that name");
    }
    Ok(name)
}

fn main() -> ExitCode {
    replay_core::crash::tell("recorder");
    let arguments: Arguments = parse(std::env::args_os());
    let (quiet, verbose) = (arguments.quiet, arguments.verbose);
    let output = arguments.output.clone();
    let recording = match arguments.options().and_then(|options| record(&options)) {
        Ok(recording) => recording,
        Err(error) => {
            eprintln!("recorder: {error}");
            return ExitCode::from(COULD_NOT_RUN);
        }
    };
    if !quiet {
        for note in recording.notes() {
            eprintln!("recorder: {note}");
        }
    }
    if verbose {
        let calls = recording.outcome.calls;
        match (recording.files, output.display()) {
            (0, output) => eprintln!("recorder: {output}: not written; {calls} calls were seen"),
            (1, output) => eprintln!("recorder: {output}: {calls} calls"),
            (files, output) => {
                eprintln!("recorder: {output} and {} more: {calls} calls", files - 1)
            }
        }
        for line in recording.details() {
            eprintln!("recorder: {line}");
        }
    }
    end_as(recording.end, own_rows::are_left_behind(&recording.totals.misdeeds))
}

/// Ends as the program did; at once, if a plugin's thread was left behind.
fn end_as(end: TaskEnd, at_once: bool) -> ExitCode {
    let status = match end {
        TaskEnd::Status(status) => status as u8,
        TaskEnd::Signal(number) => {
            // One core file, the program's, is enough.
            let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
            if let Ok(number) = Signal::try_from(number) {
                // SAFETY: the default action is no code of ours.
                let _ = unsafe { signal(number, SigHandler::SigDfl) };
                let _ = raise(number);
            }
            // A real-time signal, or one that didn't end us: as shells put it.
            128u8.wrapping_add(number as u8)
        }
    };
    if at_once {
        replay_core::crash::leave_as(status.into());
    }
    ExitCode::from(status)
}
