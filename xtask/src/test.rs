//! All checks and tests.

use std::process::Command;
use std::time::Instant;

use crate::cargo::{cargo, run};
use crate::{Result, dist};

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
const PROGRAMS: [(&str, &str); 6] = [
    ("gron", "gron"),
    ("musl-gcc", "musl-tools"),
    ("setfattr", "attr"),
    ("sqlite3", "sqlite3"),
    ("strace", "strace"),
    ("xz", "xz-utils"),
];

/// Installs what is missing, and checks everything: one step that fails keeps none of the others back.
///
/// # Errors
/// What failed.
pub fn check(arguments: &Arguments) -> Result<()> {
    install()?;
    let start = Instant::now();
    let mut failed = Vec::new();
    let mut step = |name, done: Result<()>| {
        if let Err(error) = &done {
            eprintln!("xtask: {error}");
            failed.push(name);
        }
        done.is_ok()
    };
    if !arguments.tests_only {
        step("formatter", run(&mut cargo(&["fmt", "--all", "--check"])));
        let words = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
        step("linter", run(&mut cargo(&words)));
        let words = ["check", "-p", "replay-recorder", "--features", "ptrace-only"];
        step("recorder without the agent", run(&mut cargo(&words)));
    }
    // `cargo test` alone builds neither programs nor plugins.
    if step("build", dist::for_tests()) {
        let mut test = cargo(&["test", "--no-fail-fast"]);
        dist::all(&mut test);
        if !arguments.words.is_empty() {
            test.arg("--").args(&arguments.words);
        }
        step("tests", run(&mut test));
        if arguments.words.is_empty() {
            step("applications", run(&mut cargo(&["xtask", "apps", "--ci", "--debug"])));
        }
    }
    let minutes = start.elapsed().as_secs_f64() / 60.0;
    match failed.as_slice() {
        [] => {
            println!("\nall checks passed in {minutes:.1} minutes");
            Ok(())
        }
        failed => Err(format!("failed: {} (after {minutes:.1} minutes)", failed.join(", "))),
    }
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
