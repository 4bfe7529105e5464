//! `strace2ds -o foo.ds LOG…`: makes a trace of strace's output.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use recorder::own_rows;
use recorder::strace::{Options, convert};
use replay_core::command_line::parse;
use replay_core::crash;
use replay_core::registry::PluginOptions;

/// Exit status of a conversion whose trace lacks something of the program.
const INCOMPLETE: u8 = 1;
/// Exit status of one that couldn't be made.
const COULD_NOT_RUN: u8 = 2;

/// Make a DataSeries trace of strace's output.
///
/// A log that has all that a replay needs is made by
///
///     strace -f -ttt -T -v -s 1000000 -o LOG PROGRAM …
///
/// or goes straight into the trace with -o '|strace2ds -o foo.ds -'. What a log lacks is told, with
/// the option of strace that brings it.
///
/// Exit status: 0 the trace has all that a replay makes, 1 it lacks something, 2 there is no trace.
#[derive(Parser)]
#[command(name = "strace2ds", version, max_term_width = 100, verbatim_doc_comment)]
struct Arguments {
    /// Write the trace to FILE; without it, to the first log's name with .ds at its end
    #[arg(short = 'o', short_alias = 'X', long = "output", value_name = "FILE")]
    output: Option<PathBuf>,
    /// End with an error at the first line that isn't as strace prints them
    #[arg(long)]
    strict: bool,
    /// Say that the first process started in DIR
    #[arg(long, value_name = "DIR")]
    cwd: Option<OsString>,
    /// Say that the first process started with this umask
    #[arg(long, value_name = "OCTAL", value_parser = umask)]
    umask: Option<u32>,
    /// Say nothing of what the logs lack
    #[arg(short, long)]
    quiet: bool,
    /// Say how much there was, and which values the logs lack
    #[arg(short, long, conflicts_with = "quiet")]
    verbose: bool,
    /// Compress the trace with CODEC: none, lz4, snappy, lzf, zlib or bz2
    #[arg(long, value_name = "CODEC", default_value = "lz4")]
    codec: dataseries::Codec,
    #[command(flatten)]
    plugins: PluginOptions,
    /// What strace wrote; - is standard input. Several are those of one run with -ff
    #[arg(required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,
}

fn umask(text: &str) -> Result<u32, String> {
    match u32::from_str_radix(text, 8) {
        Ok(umask) if umask <= 0o777 => Ok(umask),
        _ => Err("three octal digits, as 022".to_owned()),
    }
}

fn main() -> ExitCode {
    crash::tell("strace2ds");
    let arguments: Arguments = parse(std::env::args_os());
    let Some(output) = arguments.output.or_else(|| beside(&arguments.logs[0])) else {
        eprintln!("strace2ds: where to? -o FILE says it");
        return ExitCode::from(COULD_NOT_RUN);
    };
    let options = Options {
        output,
        logs: arguments.logs,
        strict: arguments.strict,
        cwd: arguments.cwd,
        umask: arguments.umask,
        plugins: arguments.plugins,
        codec: arguments.codec,
    };
    // A log per task may be many.
    if let Ok((_, most)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most, most);
    }
    let conversion = match convert(&options) {
        Ok(conversion) => conversion,
        Err(error) => {
            eprintln!("strace2ds: {error}");
            return ExitCode::from(COULD_NOT_RUN);
        }
    };
    if !arguments.quiet {
        for note in conversion.notes() {
            eprintln!("strace2ds: {note}");
        }
    }
    if arguments.verbose {
        let (lines, calls) = (conversion.lines, conversion.counts.calls);
        let output = options.output.display();
        for (column, count) in &conversion.totals.unseen {
            eprintln!("strace2ds: not in the log: {count} {column}");
        }
        eprintln!("strace2ds: {output}: {calls} calls of {lines} lines");
    }
    let status = if conversion.is_whole() { 0 } else { INCOMPLETE };
    if own_rows::are_left_behind(&conversion.totals.misdeeds) {
        crash::leave_as(status.into());
    }
    ExitCode::from(status)
}

/// The trace beside a log that is a file.
fn beside(log: &std::path::Path) -> Option<PathBuf> {
    (log.as_os_str() != "-").then(|| {
        let mut name = log.as_os_str().to_owned();
        name.push(".ds");
        name.into()
    })
}
