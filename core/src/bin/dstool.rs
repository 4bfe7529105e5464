//! `dstool`: looks at DataSeries files, and makes others of them.

use std::process::ExitCode;

use replay_core::command_line::parse;
use replay_core::dstool::Arguments;

fn main() -> ExitCode {
    parse::<Arguments>(std::env::args_os()).run()
}
