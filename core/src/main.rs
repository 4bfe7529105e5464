//! `replayer foo.ds`: makes the system calls of a trace again.

use std::process::ExitCode;

use clap::Parser;
use replay_core::cli::Arguments;

fn main() -> ExitCode {
    match Arguments::parse().run() {
        Ok(summary) if summary.diverged() == 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            eprintln!("replayer: {error}");
            ExitCode::from(2)
        }
    }
}
