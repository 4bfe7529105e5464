//! `recorder -X foo.ds PROGRAM …`: runs a program and records its system calls.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, Signal, raise, signal};
use recorder::event::TaskEnd;
use recorder::record::{Options, record};
use replay_core::registry::PluginOptions;

/// Exit status of a recorder that couldn't run, or couldn't record.
const COULD_NOT_RUN: u8 = 2;

/// Run a program and record its system calls, with all the data they move, into a DataSeries file.
///
/// The program's input, output and errors are untouched, and the recorder ends as the program did: with
/// its exit status, or by its signal. If the recorder itself fails, its exit status is 2.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Arguments {
    /// Write the trace to FILE
    #[arg(short = 'X', short_alias = 'o', long = "output", value_name = "FILE")]
    output: PathBuf,
    /// Run the program with VAR set to VALUE, or without it
    #[arg(short = 'E', long = "env", value_name = "VAR[=VALUE]")]
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
    /// Compress the trace with CODEC: none, lz4, snappy, lzf, zlib or bz2
    #[arg(long, value_name = "CODEC", default_value = "lz4")]
    codec: dataseries::Codec,
    #[command(flatten)]
    plugins: PluginOptions,
    /// The program and its arguments
    #[arg(
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "PROGRAM"
    )]
    words: Vec<OsString>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let options = Options {
        output: arguments.output,
        words: arguments.words,
        environment: arguments.environment,
        plugins: arguments.plugins,
        codec: arguments.codec,
    };
    let recording = match record(&options) {
        Ok(recording) => recording,
        Err(error) => {
            eprintln!("recorder: {error}");
            return ExitCode::from(COULD_NOT_RUN);
        }
    };
    if !arguments.quiet {
        for note in recording.notes() {
            eprintln!("recorder: {note}");
        }
    }
    if arguments.verbose {
        let output = options.output.display();
        eprintln!("recorder: {output}: {} calls", recording.outcome.calls);
    }
    end_as(recording.end)
}

/// Ends as the program did.
fn end_as(end: TaskEnd) -> ExitCode {
    match end {
        TaskEnd::Status(status) => ExitCode::from(status as u8),
        TaskEnd::Signal(number) => {
            // One core file, the program's, is enough.
            let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
            if let Ok(number) = Signal::try_from(number) {
                // SAFETY: the default action is no code of ours.
                let _ = unsafe { signal(number, SigHandler::SigDfl) };
                let _ = raise(number);
            }
            // A real-time signal, or one that didn't end us: as shells put it.
            ExitCode::from(128u8.wrapping_add(number as u8))
        }
    }
}
