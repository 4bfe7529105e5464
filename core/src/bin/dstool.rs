//! `dstool`: looks at DataSeries files, and makes others of them.

use std::process::ExitCode;

use clap::Parser;
use replay_core::dstool::Arguments;

fn main() -> ExitCode {
    Arguments::parse().run()
}
