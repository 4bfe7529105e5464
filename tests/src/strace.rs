//! Programs under strace, and traces made of its output.

pub mod tasks;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Map, Value};

use crate::built::{plugins, program};
use crate::case::{Case, told};

/// What makes a log that can be replayed.
pub const FLAGS: [&str; 6] = ["-f", "-ttt", "-T", "-v", "-s", "1000000"];

/// Runs `words` under strace in the case's folder, with these flags; they succeed. Returns the log.
///
/// # Panics
/// If there is no strace, or it or the program fails.
#[track_caller]
pub fn strace(case: &Case, flags: &[&str], words: &[&str]) -> PathBuf {
    strace_by(Command::new("strace"), case, flags, words)
}

/// The same, with addresses that are the same each time.
///
/// # Panics
/// As [`strace`].
#[track_caller]
pub fn strace_at_same_addresses(case: &Case, flags: &[&str], words: &[&str]) -> PathBuf {
    let mut setarch = Command::new("setarch");
    setarch.args(["-R", "strace"]);
    strace_by(setarch, case, flags, words)
}

#[track_caller]
fn strace_by(mut strace: Command, case: &Case, flags: &[&str], words: &[&str]) -> PathBuf {
    let log = case.trace().with_extension("log");
    strace.args(flags).arg("-o").arg(&log).arg("--").args(words);
    // Cargo's own folders, which the loader looks at, change while tests run.
    strace.current_dir(case.folder()).env("LC_ALL", "C").env_remove("LD_LIBRARY_PATH");
    let output = strace.output().expect("strace is installed: cargo xtask test does it");
    assert!(output.status.success(), "{words:?}: {}", told(&output));
    log
}

/// strace2ds, to make the case's trace of `logs`.
pub fn strace2ds(case: &Case, logs: &[&Path]) -> Command {
    let mut command = Command::new(program("strace2ds"));
    command.arg("--plugins").arg(plugins()).arg("--cwd").arg(case.folder());
    command.arg("-o").arg(case.trace()).args(logs);
    command
}

/// Makes the case's trace of `logs`, every line of which is understood, whatever they lack.
///
/// # Panics
/// If one isn't.
#[track_caller]
pub fn convert(case: &Case, logs: &[&Path]) -> Output {
    let output = strace2ds(case, logs).arg("--strict").output().expect("strace2ds runs");
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", told(&output));
    output
}

/// Makes the case's trace of what strace would write.
///
/// # Panics
/// If it can't be written, or a line isn't understood.
#[track_caller]
pub fn convert_text(case: &Case, text: &str) -> Output {
    let log = case.trace().with_extension("log");
    std::fs::write(&log, text).expect("the scratch folder is writable");
    convert(case, &[&log])
}

/// A row, by column.
pub type Row = Map<String, Value>;

/// The rows of the trace's calls, in the order in which they took effect.
///
/// # Panics
/// If the trace can't be read.
pub fn rows(trace: &Path) -> Vec<Row> {
    let mut dstool = Command::new(program("dstool"));
    let output = dstool.args(["cat", "--json"]).arg(trace).output().expect("dstool runs");
    assert!(output.status.success(), "{}", told(&output));
    let text = String::from_utf8(output.stdout).expect("JSON is text");
    let rows = text.lines().map(|line| serde_json::from_str::<Row>(line).expect("it is JSON"));
    rows.filter(|row| row.contains_key("executing_tid")).collect()
}

/// The last part of the row's type.
pub fn kind(row: &Row) -> &str {
    let name = row.get("extent_type").and_then(Value::as_str).unwrap_or_default();
    name.rsplit("::").next().unwrap_or_default()
}
