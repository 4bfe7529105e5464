//! `replayer foo.ds`: makes the system calls of a trace again. Its commands are a first word: `plugins`, `compare`,
//! `prepare`.

use std::fmt::Display;
use std::process::ExitCode;

use replay_core::cli::Arguments;
use replay_core::command_line::parse;
use replay_core::plugins;
use replay_core::prepare;
use replay_core::results::compare;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1).peekable();
    // A trace of a command's name is `./plugins`.
    let status = match words.peek().and_then(|word| word.to_str()) {
        Some("plugins") => parse::<plugins::Arguments>(words).run().map_err(told),
        Some("compare") => parse::<compare::Arguments>(words).run().map(|()| 0).map_err(told),
        Some("prepare") => parse::<prepare::Arguments>(words).run().map(prepared).map_err(told),
        _ => parse::<Arguments>(std::env::args_os()).run().map_err(told),
    };
    status.map_or_else(|could_not_run| could_not_run, ExitCode::from)
}

/// Tells of what was prepared; returns the exit status.
fn prepared(prepared: prepare::Prepared) -> u8 {
    if !prepared.is_quiet {
        for line in prepared.to_string().lines() {
            eprintln!("replayer: {line}");
        }
    }
    for line in prepared.failures() {
        eprintln!("replayer: {line}");
    }
    u8::from(!prepared.is_whole())
}

fn told(error: impl Display) -> ExitCode {
    eprintln!("replayer: {error}");
    ExitCode::from(2)
}
