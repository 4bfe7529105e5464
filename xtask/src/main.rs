//! `cargo xtask …`: one command each for what people do with this repository.

mod apps;
mod bench;
mod cargo;
mod demo;
mod dist;
mod docs;
mod header;
mod new_plugin;
mod package;
mod test;

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "What people do with this repository")]
enum Command {
    /// Build, record a real program, replay it with verification, and show what came of it
    Demo,
    /// Build the programs and plugins that tests run
    Build,
    /// Install what the tests need, and run all checks and tests
    Test(test::Arguments),
    /// Lay out in dist/ what people install: programs, plugins, manifest, the SDK
    Dist,
    /// Unpack the SDK's packages, as cargo publishes them
    Package(package::Arguments),
    /// Make a crate for a plugin of your own, outside of this repository
    NewPlugin(new_plugin::Arguments),
    /// Write the pages of docs/ that are made from the plugins
    Docs,
    /// Write the header for plugins in C, sdk/include/replay_plugin.h
    Header,
    /// Measure, as ratios in one run
    Bench(bench::Arguments),
    /// Record real applications, replay them elsewhere, compare what they leave
    Apps(apps::Arguments),
}

/// What went wrong, for people.
type Result<T, E = String> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Demo => demo::show(),
        Command::Build => dist::for_tests(),
        Command::Test(arguments) => test::check(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::NewPlugin(arguments) => new_plugin::make(&arguments),
        Command::Apps(arguments) => apps::run_all(&arguments),
        Command::Docs => docs::write(),
        Command::Header => header::write(),
        Command::Package(arguments) => package::unpack(&arguments),
        Command::Dist => dist::lay_out().map(drop),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
