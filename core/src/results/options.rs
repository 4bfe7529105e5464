//! The words of the command line that are about results.

use std::ffi::OsString;
use std::io::{self, Write};

use super::repeat::{Repeat, Runs, Spread};
use super::table::{self, time};
use super::{By, Run, csv};
use crate::report::Log;

/// What is told of the replay in numbers.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Results")]
pub struct ResultOptions {
    /// Print what calls did and how long they took, then and now, told apart by any of call, process and path
    #[arg(
        long,
        value_enum,
        value_name = "BY",
        value_delimiter = ',',
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "call"
    )]
    stats: Option<Vec<By>>,
    /// Print the results as one object of JSON, for programs and for `replayer compare`
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print the results as CSV
    #[arg(long)]
    csv: bool,
    /// Replay COUNT times, each in a process of its own, and print the spread
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    repeat: Option<u32>,
    /// Replay COUNT times before that, without counting
    #[arg(long, value_name = "COUNT", default_value_t = 0, requires = "repeat")]
    warmup: u32,
    /// Run the shell command COMMAND before each replay: to put files back
    #[arg(long, value_name = "COMMAND", requires = "repeat")]
    setup: Option<OsString>,
    /// Let the kernel forget what it has of files before each replay (takes root)
    #[arg(long, requires = "repeat")]
    drop_caches: bool,
}

impl ResultOptions {
    /// What calls are told apart by, if they are counted.
    pub fn by(&self) -> Option<Vec<By>> {
        match &self.stats {
            Some(by) => Some(by.clone()),
            None => (self.json || self.csv).then(|| vec![By::Call]),
        }
    }

    /// Prints what was asked for.
    ///
    /// # Errors
    /// Standard output's.
    pub fn print(&self, run: &Run) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json {
            serde_json::to_writer(&mut out, run)?;
            return writeln!(out);
        }
        if self.csv {
            return csv::write(&run.groups, &mut out).map_err(io::Error::other);
        }
        if self.stats.is_some() { table::write(&run.groups, &mut out) } else { Ok(()) }
    }

    /// How often to replay, if it is more than this once.
    pub fn repeat(&self) -> Option<Repeat> {
        Some(Repeat {
            runs: self.repeat?,
            warmup: self.warmup,
            setup: self.setup.clone(),
            drop_caches: self.drop_caches,
        })
    }

    /// Prints what was asked for of several runs: their spread, and of the groups those of the run that took
    /// the middle time.
    ///
    /// # Errors
    /// Standard output's.
    pub fn print_runs(&self, runs: &Runs, log: &Log) -> io::Result<()> {
        let Spread { count, mean, confidence, min, max, .. } = runs.seconds;
        log.say(&format!(
            "{count} runs: {} ± {} (95 %), from {} to {}",
            time(mean * 1e9),
            time(confidence * 1e9),
            time(min * 1e9),
            time(max * 1e9)
        ));
        if self.json {
            let mut out = io::stdout().lock();
            serde_json::to_writer(&mut out, runs)?;
            return writeln!(out);
        }
        self.print(runs.middle())
    }
}

/// The words of this command without those that repeat it, and with those that make it print one object.
pub fn words_of_one() -> Vec<OsString> {
    const WITH_VALUE: [&str; 3] = ["--repeat", "--warmup", "--setup"];
    const ALONE: [&str; 3] = ["--drop-caches", "--csv", "--json"];
    let mut words = vec!["--json".into(), "--quiet".into()];
    let mut all = std::env::args_os().skip(1);
    while let Some(word) = all.next() {
        let text = word.to_string_lossy();
        if text == "--" {
            words.push(word);
            words.extend(all);
            break;
        }
        let name = text.split('=').next().unwrap_or_default();
        if WITH_VALUE.contains(&name) {
            if name == text {
                all.next();
            }
        } else if !ALONE.contains(&&*text) && !matches!(&*text, "--quiet" | "-q") {
            words.push(word);
        }
    }
    words
}
