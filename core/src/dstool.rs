//! The `dstool` command: looks at DataSeries files of any kind, and makes others of them.
//!
//! ```text
//!  a.ds b.ds -      input        files by their index, unfinished ones from extent to extent, a pipe
//!    ▼              select       which types, columns, rows
//!    ▼              rows, order  extent after extent, or the calls of a trace in their order
//!    ▼              cat, stats, slice, …
//! ```
//!
//! What a file holds, its own type descriptions say: no plugin is needed. If there are any, they only
//! give names to flags.

mod anonymize;
mod cat;
mod cell;
mod check;
mod declared;
mod diff;
mod expression;
mod follow;
mod gap;
mod group;
mod info;
mod input;
mod look;
mod merge;
mod names;
mod normalize;
mod order;
mod output;
mod range;
mod recover;
mod repack;
mod select;
mod shape;
mod slice;
mod stats;
mod time;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use dataseries::NoColumn;

use crate::registry::RegistryError;
use look::Look;

/// Look at DataSeries files (.ds), such as traces of system calls, and make others of them.
///
/// FILE can be - for standard input. Several files are read as one.
///
/// Exit status: 0 if all is well, 1 if something is wrong with a file or two differ, 2 if it wasn't possible.
#[derive(Debug, Parser)]
#[command(name = "dstool", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    look: Look,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  dstool info trace.ds                        what is in it, and whether it is whole
  dstool cat --calls trace.ds                 its system calls in their order, readable
  dstool cat --json -t openat -w 'errno_number == ENOENT' trace.ds
  dstool cat -t read -c unique_id,descriptor,return_value -n 20 trace.ds
  dstool stats trace.ds                       calls, errors, times, bytes
  dstool check *.ds && echo good
  dstool recover killed.ds -o saved.ds        what is whole of an unfinished file
  dstool repack --codec zlib trace.ds -o small.ds
  dstool slice --pid 4711 --from +1.5s trace.ds -o part.ds
  dstool diff monday.ds tuesday.ds            calls that aren't the same
  dstool anonymize trace.ds -o public.ds      without names and data";

#[derive(Debug, Subcommand)]
enum Command {
    Info(info::Arguments),
    Cat(cat::Arguments),
    Check(check::Arguments),
    Recover(recover::Arguments),
    Repack(repack::Arguments),
    Merge(merge::Arguments),
    Slice(slice::Arguments),
    Stats(stats::Arguments),
    Diff(diff::Arguments),
    Anonymize(anonymize::Arguments),
}

/// Whether something was found to be wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Finding {
    Good,
    Bad,
}

/// Why a command can't do what it was asked for.
#[derive(Debug, thiserror::Error)]
enum ToolError {
    #[error("{}{}", .0, hint(.0))]
    File(#[from] dataseries::Error),
    #[error("cannot write the output: {0}")]
    Output(#[from] io::Error),
    #[error("cannot write {}: {error}", path.display())]
    Create { path: PathBuf, error: io::Error },
    #[error("{}: {error}", path.display())]
    Input { path: PathBuf, error: io::Error },
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Expression(#[from] expression::ExpressionError),
    #[error(transparent)]
    Column(#[from] NoColumn),
    #[error("type '{name}' cannot be written: {error}")]
    Type { name: String, error: dataseries::TypeError },
    #[error(transparent)]
    Plugins(#[from] RegistryError),
}

/// What to do about it.
fn hint(error: &dataseries::Error) -> &'static str {
    match error {
        error if error.is_damage() => {
            "; `dstool check` lists all damage, `dstool recover` saves the rest"
        }
        dataseries::Error::OverLimit { .. } => "; --max-extent raises it",
        _ => "",
    }
}

impl ToolError {
    /// Whether the reader of our output has seen enough.
    fn is_broken_pipe(&self) -> bool {
        match self {
            Self::Output(error) | Self::File(dataseries::Error::Output(error)) => {
                error.kind() == io::ErrorKind::BrokenPipe
            }
            _ => false,
        }
    }
}

type Result<T, E = ToolError> = std::result::Result<T, E>;

impl Arguments {
    /// Does what the words say.
    pub fn run(self) -> ExitCode {
        let look = &self.look;
        let done = match self.command {
            Command::Info(arguments) => arguments.run(look),
            Command::Cat(arguments) => arguments.run(look),
            Command::Check(arguments) => arguments.run(look),
            Command::Recover(arguments) => arguments.run(look),
            Command::Repack(arguments) => arguments.run(look),
            Command::Merge(arguments) => arguments.run(look),
            Command::Slice(arguments) => arguments.run(look),
            Command::Stats(arguments) => arguments.run(look),
            Command::Diff(arguments) => arguments.run(look),
            Command::Anonymize(arguments) => arguments.run(look),
        };
        match done {
            Ok(Finding::Good) => ExitCode::SUCCESS,
            Ok(Finding::Bad) => ExitCode::from(1),
            Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("dstool: {error}");
                ExitCode::from(2)
            }
        }
    }
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
