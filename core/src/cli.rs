//! The words of the `replayer` command.

use std::fs::File;
use std::io;
use std::os::fd::IntoRawFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;

use crate::command_line::one_of;
use crate::crash;
use crate::dry_run::dry_run;
use crate::misdeed::OnPluginError;
use crate::pattern::Pattern;
use crate::place::{Mapping, PathGlob, Place};
use crate::quantity::seconds;
use crate::registry::{PluginOptions, Registry, RegistryError};
use crate::replay::{Net, Options, Order, Pace, ReplayError, Speed, Stdio, Streams, replay};
use crate::report::Log;
use crate::results::Run;
use crate::results::options::{ResultOptions, words_of_one};
use crate::results::repeat::RepeatError;
use crate::tolerate::Rule;
use crate::trace::{Needs, Trace, TraceError};

/// Make the system calls of a trace again, on the paths that it names, and check what comes of them.
///
/// Exit status: 0 if the replay was faithful, 1 if it diverged, 2 if it wasn't possible, 130, 143 or 129 if Ctrl-C,
/// SIGTERM or SIGHUP ended it; docs/replay.md says what a replay leaves alone.
///
/// `replayer prepare` makes the files that a trace brings, `replayer compare` tells how the results of replays
/// differ, `replayer plugins` which plugins there are; each of them has a --help of its own.
#[derive(Debug, Parser)]
#[command(name = "replayer", version, max_term_width = 100)]
pub struct Arguments {
    /// The trace; several files are one trace together
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Tell of every call
    #[arg(short, long)]
    verbose: bool,
    /// Tell of nothing but divergences and failures
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Write what is told to FILE too
    #[arg(short, long, value_name = "FILE")]
    log: Option<PathBuf>,

    /// Compare the data that calls return, not only their results
    #[arg(short = 'f', long, help_heading = "Checks")]
    verify: bool,
    /// Tell of every divergence, not only of the first ones
    #[arg(short, long, help_heading = "Checks")]
    warn: bool,
    /// Stop at the first divergence
    #[arg(short, long, help_heading = "Checks")]
    abort: bool,
    /// Count divergences that RULE explains by themselves, and take the replay for faithful in spite of them
    #[arg(long, value_name = "RULE", value_enum, help_heading = "Checks")]
    tolerate: Vec<Rule>,

    /// Write DATA in place of what was recorded: zeros, random, urandom, byte:0x5a or string:TEXT
    #[arg(short, long, value_name = "DATA", help_heading = "Data and place")]
    pattern: Option<Pattern>,
    /// Replay beneath DIR: no path leads out of it
    #[arg(long, value_name = "DIR", help_heading = "Data and place")]
    root: Option<PathBuf>,
    /// Look up paths in folder TO (beneath the root) that the trace has in folder FROM
    #[arg(long, value_name = "FROM=TO", help_heading = "Data and place")]
    map: Vec<Mapping>,
    /// Make no calls on paths that GLOB matches, and count them: names at any depth, or whole paths from /
    #[arg(long, value_name = "GLOB", help_heading = "Data and place")]
    ignore: Vec<PathGlob>,
    /// What calls on sockets of the network do
    #[arg(long, value_enum, default_value_t, help_heading = "Data and place")]
    net: Net,
    /// What the program's standard streams do
    #[arg(long, value_enum, default_value_t, help_heading = "Data and place")]
    stdio: Stdio,
    /// Start in DIR (beneath the root) [default: where the program was recorded]
    #[arg(long, value_name = "DIR", help_heading = "Data and place")]
    cwd: Option<PathBuf>,

    /// Replay nothing; print which paths would be read, made, changed and removed
    #[arg(short = 'n', long, help_heading = "Checks")]
    dry_run: bool,
    /// Make only calls that change nothing, and count the others
    #[arg(long, help_heading = "Checks")]
    read_only: bool,

    /// Which calls wait for which: docs/ordering.md says what each order promises
    #[arg(long, value_enum, default_value_t, help_heading = "Order and pace")]
    order: Order,
    /// Make calls when they were made: 1 as fast as the program, 2 twice as fast, and so on
    #[arg(long, value_name = "max|TIMES", default_value = "max", help_heading = "Order and pace")]
    speed: Speed,
    /// What a call's time is counted from
    #[arg(long, value_enum, default_value_t, help_heading = "Order and pace")]
    pace: Pace,

    /// Replay what is whole of a trace whose recorder was killed, or that is damaged
    #[arg(long, help_heading = "Traces")]
    recover: bool,
    /// Let a call wait no longer than SECONDS for what doesn't come (a pipe's other end, a lock)
    #[arg(
        long,
        value_name = "SECONDS",
        default_value = "10",
        value_parser = seconds,
        help_heading = "Traces"
    )]
    call_timeout: Duration,

    /// Write the replay to FILE, as a trace of its own
    #[arg(long, value_name = "FILE", help_heading = "Results", conflicts_with = "repeat")]
    record: Option<PathBuf>,
    #[command(flatten)]
    results: ResultOptions,
    #[command(flatten)]
    plugins: PluginOptions,
    /// What to do when a plugin panics or misbehaves otherwise [default: the manifest's word, or stop]
    #[arg(long, value_name = "WHAT", value_enum, help_heading = "Plugins")]
    on_plugin_error: Option<OnPluginError>,
}

/// Why the command can't do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The trace itself.
    #[error("{option} {}: that is the trace, which would be lost; name another file", path.display())]
    IsTrace {
        /// What is to be written.
        option: &'static str,
        /// Where to.
        path: PathBuf,
    },
    /// The log.
    #[error("cannot write the log {}: {error}", path.display())]
    Log {
        /// Its file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A standard stream.
    #[error("--stdio: {}: {error}", path.display())]
    Stream {
        /// What should have stood for it.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The plugins.
    #[error(transparent)]
    Plugins(#[from] RegistryError),
    /// The trace.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The replay.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// One of several replays.
    #[error(transparent)]
    Repeat(#[from] RepeatError),
    /// Standard output.
    #[error("standard output: {0}")]
    Output(io::Error),
}

impl Arguments {
    /// Does what the words say; returns the exit status.
    ///
    /// # Errors
    /// Why it can't be done.
    pub fn run(self) -> Result<u8, CommandError> {
        crash::tell("replayer");
        for (option, path) in [("--record", &self.record), ("--log", &self.log)] {
            if let Some(path) = path
                && one_of(&self.files, path).is_some()
            {
                return Err(CommandError::IsTrace { option, path: path.clone() });
            }
        }
        let log = match &self.log {
            None => None,
            Some(path) => {
                let file = File::options().create(true).append(true).open(path);
                Some(file.map_err(|error| CommandError::Log { path: path.clone(), error })?)
            }
        };
        let log = Arc::new(Log::new(log, self.quiet));
        if let Some(repeat) = self.results.repeat() {
            let runs = repeat.run(&words_of_one(), |line| log.say(line))?;
            self.results.print_runs(&runs, &log).map_err(CommandError::Output)?;
            return Ok(u8::from(runs.diverged()));
        }
        let registry = Registry::open(&self.plugins)?;
        for note in registry.notes() {
            log.say(&note);
        }
        let needs = Needs {
            all_values: self.verify || self.verbose || self.record.is_some(),
            verify: self.verify,
            recover: self.recover,
            network: self.net == Net::Loopback,
        };
        let trace = Trace::open(&self.files, &registry, needs)?;
        for note in &trace.notes {
            log.say(note);
        }
        let options = Options {
            streams: if self.dry_run { Streams::default() } else { self.streams()? },
            place: Place {
                root: self.root,
                cwd: self.cwd,
                map: self.map.into_iter().collect(),
                ignore: self.ignore,
                net: self.net,
            },
            read_only: self.read_only,
            verify: self.verify,
            warn: self.warn,
            abort: self.abort,
            tolerate: self.tolerate,
            verbose: self.verbose,
            announces: !self.quiet,
            pattern: self.pattern,
            order: self.order,
            speed: self.speed,
            pace: self.pace,
            patience: self.call_timeout,
            record: self.record,
            stats: self.results.by(),
            on_plugin_error: self
                .on_plugin_error
                .or(registry.on_plugin_error())
                .unwrap_or_default(),
        };
        if self.dry_run {
            let forecast = dry_run(&trace, &options)?;
            forecast.print(&mut io::stdout().lock()).map_err(CommandError::Output)?;
            log.say(&forecast.line());
            return Ok(0);
        }
        let summary = replay(trace, options, log.clone())?;
        for line in summary.lines() {
            log.say(&line);
        }
        let names = self.files.iter().map(|file| file.display().to_string()).collect();
        let run =
            Run::new(names, value_name(&self.order), self.speed.to_string(), self.verify, &summary);
        self.results.print(&run).map_err(CommandError::Output)?;
        Ok(summary.exit_status())
    }

    /// Opens what stands for the program's standard streams. It stays open as long as this process.
    fn streams(&self) -> Result<Streams, CommandError> {
        let open = |path: PathBuf| {
            let file = File::options().write(true).create(true).truncate(true).open(&path);
            file.map(|file| Some(file.into_raw_fd()))
                .map_err(|error| CommandError::Stream { path, error })
        };
        let named = |stream: &str| {
            let mut path = self.files[0].clone().into_os_string();
            path.push(stream);
            open(path.into())
        };
        Ok(Streams(match self.stdio {
            Stdio::Leave => [None; 3],
            Stdio::Null => [None, open("/dev/null".into())?, open("/dev/null".into())?],
            Stdio::Inherit => [Some(0), Some(1), Some(2)],
            Stdio::Capture => [None, named(".stdout")?, named(".stderr")?],
        }))
    }
}

/// The name that a value has on the command line.
fn value_name(value: &impl clap::ValueEnum) -> String {
    value.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
