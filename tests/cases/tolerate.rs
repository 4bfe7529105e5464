//! `--tolerate`: each rule tolerates what it says, counts it, and nothing else.

use std::fs;
use std::process::Output;

use replay_tests::case::{Case, told};
use replay_tests::strace::convert_text;

/// Two tasks that call at once: the `first` one returns first. Before the second does, a third one makes another
/// name that ends alike, so that a replay can't tell which of the two took effect first.
fn at_once(first: (&str, &str), second: (&str, &str)) -> String {
    let ((first, first_is), (second, second_is)) = (first, second);
    let name = |call: &str| call.split('(').next().unwrap_or_default().to_owned();
    format!(
        "10 1700000000.000000 getuid() = 0 <0.000001>\n\
         11 1700000000.000001 getuid() = 0 <0.000001>\n\
         10 1700000000.000002 {first} <unfinished ...>\n\
         11 1700000000.000003 {second} <unfinished ...>\n\
         10 1700000000.000004 <... {} resumed>) = {first_is} <0.000002>\n\
         12 1700000000.000005 mkdir(\"folder/a\", 0777) = 0 <0.000001>\n\
         11 1700000000.000007 <... {} resumed>) = {second_is} <0.000004>\n",
        name(first),
        name(second)
    )
}

/// One after the other.
fn in_turn(first: (&str, &str), second: (&str, &str)) -> String {
    format!(
        "10 1700000000.000000 {}) = {} <0.000001>\n11 1700000000.000002 {}) = {} <0.000001>\n",
        first.0, first.1, second.0, second.1
    )
}

/// A replay of `log` in a folder with files `a` and `b`, and a folder.
fn replay(log: &str, words: &[&str]) -> Output {
    let case = Case::new(|folder| {
        fs::write(folder.join("a"), "text\n").unwrap();
        fs::write(folder.join("b"), "text\n").unwrap();
        fs::create_dir(folder.join("folder")).unwrap();
    });
    convert_text(&case, log);
    case.replay(words)
}

const GONE: &str = "-1 ENOENT (No such file or directory)";
const LOOK: &str = "openat(AT_FDCWD, \"a\", O_RDONLY";
const REMOVE: (&str, &str) = ("unlink(\"./a\"", "0");
const TOLERATE: [&str; 2] = ["--tolerate", "overlap"];

#[test]
fn a_name_that_was_looked_at_while_it_went_is_tolerated_and_counted() {
    let log = at_once((LOOK, GONE), REMOVE);
    let strict = replay(&log, &[]);
    assert_eq!(strict.status.code(), Some(1), "{}", told(&strict));
    let tolerant = replay(&log, &TOLERATE);
    let text = told(&tolerant);
    assert_eq!(tolerant.status.code(), Some(0), "{text}");
    assert!(text.contains("tolerated, overlap: 1 openat"), "{text}");
    assert!(!text.contains("expected"), "{text}");

    // The other way round: it was still there, and the replay has removed it before.
    let found = replay(&at_once(REMOVE, ("access(\"a\", F_OK", "0")), &TOLERATE);
    assert_eq!(found.status.code(), Some(0), "{}", told(&found));
    assert!(told(&found).contains("tolerated, overlap: 1 access"), "{}", told(&found));
}

#[test]
fn a_name_that_was_looked_at_while_it_came_is_tolerated() {
    let log = at_once((LOOK, GONE), ("rename(\"b\", \"a\"", "0"));
    let tolerant = replay(&log, &TOLERATE);
    assert_eq!(tolerant.status.code(), Some(0), "{}", told(&tolerant));
}

#[test]
fn tolerated_divergences_are_told_to_programs() {
    let log = at_once((LOOK, GONE), REMOVE);
    let output = replay(&log, &["--tolerate", "overlap", "--json"]);
    let run: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(run["diverged"], 0);
    assert_eq!(run["tolerated"]["overlap"], 1);
}

#[test]
fn nothing_else_is_tolerated() {
    for (log, why) in [
        (in_turn((LOOK, GONE), REMOVE), "it had returned before"),
        (at_once((LOOK, GONE), ("unlink(\"b\"", "0")), "another name went"),
        (
            at_once((LOOK, GONE), ("unlink(\"a\"", "-1 EBUSY (Device or resource busy)")),
            "none went",
        ),
        (at_once((LOOK, GONE), ("access(\"a\", F_OK", "0")), "the other only looks too"),
        (at_once((LOOK, "-1 EACCES (Permission denied)"), REMOVE), "another error"),
        (at_once(("truncate(\"a\", 1", GONE), REMOVE), "a call that changes what it names"),
    ] {
        let output = replay(&log, &TOLERATE);
        assert_eq!(output.status.code(), Some(1), "{why}: {}", told(&output));
        assert!(!told(&output).contains("tolerated"), "{why}: {}", told(&output));
    }
}

/// A task that appends to a file, and another one that looks at file `name` at the same time, and saw it as it was.
fn appended(looks: &str, is: &str, name: &str) -> String {
    let call = looks.split('(').next().unwrap_or_default();
    format!(
        "10 1700000000.000000 openat(AT_FDCWD, \"a\", O_WRONLY|O_APPEND) = 3 <0.000001>\n\
         11 1700000000.000002 openat(AT_FDCWD, \"folder/../{name}\", O_RDONLY) = 4 <0.000001>\n\
         10 1700000000.000004 write(3, \"more\\n\", 5 <unfinished ...>\n\
         11 1700000000.000005 {looks} <unfinished ...>\n\
         10 1700000000.000006 <... write resumed>) = 5 <0.000002>\n\
         11 1700000000.000007 <... {call} resumed>{is} <0.000002>\n"
    )
}

#[test]
fn a_file_that_was_looked_at_while_it_changed_is_tolerated() {
    for (looks, is) in [
        ("fstat(4,", "{st_mode=S_IFREG|0644, st_size=5, ...}) = 0"),
        ("lseek(4, 0, SEEK_END", ") = 5"),
        ("read(4,", "\"text\\n\", 100) = 5"),
        ("newfstatat(AT_FDCWD, \"./a\",", "{st_mode=S_IFREG|0644, st_size=5, ...}, 0) = 0"),
    ] {
        let log = appended(looks, is, "a");
        let strict = replay(&log, &["--verify"]);
        assert_eq!(strict.status.code(), Some(1), "{looks}: {}", told(&strict));
        let tolerant = replay(&log, &[&TOLERATE[..], &["--verify"]].concat());
        assert_eq!(tolerant.status.code(), Some(0), "{looks}: {}", told(&tolerant));
        assert!(told(&tolerant).contains("tolerated, overlap: 1 "), "{}", told(&tolerant));
    }
}

#[test]
fn another_file_or_another_time_is_not_tolerated() {
    let (looks, is) = ("fstat(4,", "{st_mode=S_IFREG|0644, st_size=4, ...}) = 0");
    let at_once = appended(looks, is, "b");
    // The write had returned before.
    let in_turn = appended(looks, is, "a").replace("000005 fstat", "0000065 fstat");
    let lines: Vec<_> = in_turn.lines().collect();
    let in_turn = [lines[0], lines[1], lines[2], lines[4], lines[3], lines[5], ""].join("\n");
    for log in [at_once, in_turn] {
        let output = replay(&log, &[&TOLERATE[..], &["--verify"]].concat());
        assert_eq!(output.status.code(), Some(1), "{log}: {}", told(&output));
        assert!(!told(&output).contains("tolerated"), "{}", told(&output));
    }
}
