//! `replayer foo.ds`: makes the system calls of a trace again.

use std::process::ExitCode;

use clap::Parser;
use replay_core::cli::Arguments;
use replay_core::results::compare;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1).peekable();
    // A trace of that name is ./compare.
    if words.peek().is_some_and(|word| word == "compare") {
        return match compare::Arguments::parse_from(words).run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("replayer: {error}");
                ExitCode::from(2)
            }
        };
    }
    match Arguments::parse().run() {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("replayer: {error}");
            ExitCode::from(2)
        }
    }
}
