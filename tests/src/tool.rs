//! `dstool`, run as people run it.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::built::program;

/// A trace by the original recorder.
pub fn trace(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/reference").join(name)
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
}

/// A sample file of the format's own package.
pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/dataseries/tests/data").join(name)
}

/// dstool with these words; without plugins unless the words name some.
///
/// # Panics
/// If it wasn't built.
pub fn dstool(words: &[&str]) -> Command {
    let mut command = Command::new(program("dstool"));
    command.args(words).env_remove("REPLAYER_PLUGINS").env_remove("NO_COLOR").stdin(Stdio::null());
    command
}

/// What `command` did.
///
/// # Panics
/// If it can't be run.
pub fn ran(command: &mut Command) -> Output {
    command.output().expect("dstool runs")
}

/// What dstool prints for these words and this file; it succeeds.
///
/// # Panics
/// If not.
#[track_caller]
pub fn prints(words: &[&str], file: &Path) -> String {
    let output = ran(dstool(words).arg(file));
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{words:?}: {told}");
    String::from_utf8(output.stdout).expect("the output is text")
}

/// What dstool does for these words, with the bytes of `file` in a pipe as its standard input.
///
/// # Panics
/// If it can't be run.
pub fn piped(words: &[&str], bytes: &[u8]) -> Output {
    let mut command = dstool(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("dstool runs");
    let mut input = child.stdin.take().expect("it is a pipe");
    std::thread::scope(|scope| {
        // One that has seen enough closes its end.
        scope.spawn(move || drop(input.write_all(bytes)));
        child.wait_with_output().expect("dstool ends")
    })
}

/// The text that is packed in `dumps/NAME.txt.xz`.
///
/// # Panics
/// If it isn't there.
pub fn dump(name: &str) -> Vec<u8> {
    let file = File::open(data(&format!("dumps/{name}.txt.xz"))).expect("the dump is there");
    let mut text = Vec::new();
    lzma_rs::xz_decompress(&mut std::io::BufReader::new(file), &mut text)
        .expect("the dump is whole");
    text
}

/// What the trace in `file` says of itself under `key`.
///
/// # Panics
/// If `dstool info` doesn't tell.
pub fn said(file: &Path, key: &str) -> Vec<String> {
    let info: serde_json::Value = serde_json::from_str(&prints(&["info", "--json"], file)).unwrap();
    let values = info["recorded"][key].as_array();
    values.into_iter().flatten().map(|value| value.as_str().unwrap().to_owned()).collect()
}
