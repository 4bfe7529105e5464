//! Traces that `dstool` compares, and those that it makes fit to be given away.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use replay_tests::built::{plugins, program};
use replay_tests::tool::{dstool, prints, ran, sample, trace};
use serde_json::Value;
use tempfile::TempDir;

fn diff(words: &[&str], a: &Path, b: &Path) -> Output {
    ran(dstool(&["diff"]).args(words).arg("--plugins").arg(plugins()).args([a, b]))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Records dd, which copies `letter`, in `folder`.
fn recorded(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    let mut recorder = Command::new(program("recorder"));
    recorder.arg("--plugins").arg(plugins()).arg("-X").arg(&path);
    recorder.args(["dd", "if=letter", "of=copy", "status=none"]).current_dir(folder);
    assert!(recorder.status().unwrap().success());
    path
}

#[test]
fn two_runs_of_a_program_are_the_same_but_for_what_it_read() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("letter"), "dear reader\n").unwrap();
    fs::write(folder.path().join("copy"), "").unwrap();
    let first = recorded(folder.path(), "first.ds");
    let second = recorded(folder.path(), "second.ds");
    let same = diff(&[], &first, &second);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same.stdout));
    let exact = diff(&["--exact"], &first, &second);
    assert_eq!(exact.status.code(), Some(1), "times are never the same");

    fs::write(folder.path().join("letter"), "dear writer\n").unwrap();
    let third = recorded(folder.path(), "third.ds");
    let other = diff(&[], &second, &third);
    let told = text(&other.stdout);
    assert_eq!(other.status.code(), Some(1), "{told}");
    for expected in [
        "read() = 12",
        "data_read: \"dear reader\\n\" | \"dear writer\\n\"",
        "data_written: ",
        "2 changed, 0 only in the first, 0 only in the second",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    let json = text(&diff(&["--json", "-t", "write"], &second, &third).stdout);
    let object: Value = serde_json::from_str(json.trim()).unwrap();
    let written = serde_json::json!(["dear reader\n", "dear writer\n"]);
    assert_eq!(object["columns"]["data_written"], written);
    let none = diff(&["--ignore", "data_*"], &second, &third);
    assert_eq!(none.status.code(), Some(0), "{}", text(&none.stdout));
}

#[test]
fn calls_that_one_trace_has_more_are_told() {
    let whole = trace("sqlite.ds");
    let folder = TempDir::new().unwrap();
    let part = folder.path().join("part.ds");
    let sliced = ran(dstool(&["slice", "--ids", "..300"]).arg(&whole).arg("-o").arg(&part));
    assert!(sliced.status.success());
    let same = diff(&[], &whole, &whole);
    assert_eq!((same.status.code(), text(&same.stdout).lines().count()), (Some(0), 1));
    let more = text(&diff(&["-n", "3"], &whole, &part).stdout);
    assert!(more.contains("0 changed"), "{more}");
    assert_eq!(more.lines().filter(|line| line.starts_with("- ")).count(), 3, "{more}");
    let less = text(&diff(&["-n", "3"], &part, &whole).stdout);
    assert_eq!(less.lines().filter(|line| line.starts_with("+ ")).count(), 3, "{less}");
}

#[test]
fn what_has_no_calls_is_not_compared() {
    let output = diff(&[], &sample("complex.ds-bigend"), &trace("cp.ds"));
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no calls to compare"), "{}", text(&output.stderr));
}

fn anonymized(words: &[&str], input: &Path, output: &Path) {
    let made = ran(dstool(&["anonymize"]).args(words).arg(input).arg("-o").arg(output));
    assert!(made.status.success(), "{}", text(&made.stderr));
    assert_eq!(ran(dstool(&["check"]).arg(output)).status.code(), Some(0));
}

#[test]
fn nothing_is_left_of_names_and_data() {
    let folder = TempDir::new().unwrap();
    let [plain, out] = ["plain.ds", "out.ds"].map(|name| folder.path().join(name));
    let unpacked =
        ran(dstool(&["repack", "--codec", "none", "-o"]).arg(&plain).arg(trace("sqlite.ds")));
    assert!(unpacked.status.success());
    anonymized(&["--codec", "none"], &plain, &out);
    let (before, after) = (fs::read(&plain).unwrap(), fs::read(&out).unwrap());
    for name in ["sqlite", "t.db", "ld.so", "/srv", "/usr", "ELF"] {
        let has = |bytes: &[u8]| bytes.windows(name.len()).any(|part| part == name.as_bytes());
        assert!(has(&before), "{name} was there");
        assert!(!has(&after), "{name} is still there");
    }
    let numbers =
        ["cat", "--csv", "-c", "unique_id,return_value,bytes_requested,descriptor,offset"];
    assert_eq!(prints(&numbers, &out), prints(&numbers, &plain));
}

#[test]
fn a_key_gives_a_name_the_same_other_name_everywhere() {
    let folder = TempDir::new().unwrap();
    let [one, other, third] =
        ["one.ds", "other.ds", "third.ds"].map(|name| folder.path().join(name));
    let words = ["--key", "secret", "--keep", "/etc/*"];
    anonymized(&words, &trace("cp.ds"), &one);
    anonymized(&words, &trace("mv.ds"), &other);
    anonymized(&[], &trace("cp.ds"), &third);
    let paths = |file: &Path| {
        let rows = prints(&["cat", "--json", "-t", "openat", "-c", "given_pathname"], file);
        let rows = rows.lines().map(|row| serde_json::from_str::<Value>(row).unwrap());
        rows.map(|row| row["given_pathname"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (one, other, third) = (paths(&one), paths(&other), paths(&third));
    assert_eq!(one[0], "/etc/ld.so.cache", "it was to be kept");
    assert_eq!(one[..4], other[..4], "both programs load the same libraries");
    assert!(one[1..].iter().all(|path| !path.contains("lib")));
    assert!(one.iter().zip(&third).all(|(a, b)| a != b), "without a key it is a new one");
}
