//! All checks and tests.

use std::process::Command;

use crate::Result;
use crate::cargo::{cargo, run};

/// What to leave out.
#[derive(clap::Args)]
pub struct Arguments {
    /// Only the tests: no formatter, no linter
    #[arg(long)]
    tests_only: bool,
    /// Words for the test programs: a name to filter by, and the like
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// Programs that tests run, with the Debian packages that have them.
const PROGRAMS: [(&str, &str); 3] =
    [("strace", "strace"), ("setfattr", "attr"), ("xz", "xz-utils")];

/// Installs what is missing, and checks everything.
///
/// # Errors
/// What failed.
pub fn check(arguments: &Arguments) -> Result<()> {
    install()?;
    if !arguments.tests_only {
        run(&mut cargo(&["fmt", "--all", "--check"]))?;
        run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    }
    // `cargo test` alone builds no shared libraries.
    run(&mut cargo(&["build", "--workspace"]))?;
    let mut test = cargo(&["test", "--workspace"]);
    if !arguments.words.is_empty() {
        test.arg("--").args(&arguments.words);
    }
    run(&mut test)
}

/// Installs the Debian packages whose programs aren't there.
fn install() -> Result<()> {
    let is_there = |program: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    };
    let missing = PROGRAMS.iter().filter(|(program, _)| !is_there(program));
    let packages: Vec<_> = missing.map(|(_, package)| *package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    let by_hand = |error| format!("{error}\ninstall them: apt-get install {}", packages.join(" "));
    run(Command::new("apt-get").args(["update", "-q"])).map_err(by_hand)?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-q", "-y", "--no-install-recommends"]).args(&packages);
    run(install.env("DEBIAN_FRONTEND", "noninteractive")).map_err(by_hand)
}
