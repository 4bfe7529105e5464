//! What a replay tells in numbers, and the trace that it leaves of itself.

use std::fs;
use std::process::{Command, Output};

use replay_tests::built::program;
use replay_tests::case::{Case, told};
use replay_tests::tool::prints;
use serde_json::Value;

const DD: [&str; 5] = ["dd", "if=a", "of=b", "bs=1000", "status=none"];

/// `dd` of 20,000 bytes in blocks of 1000, recorded, and the folder reset.
fn copied() -> Case {
    let case = Case::new(|folder| fs::write(folder.join("a"), vec![b'x'; 20_000]).unwrap());
    case.record_all(&DD);
    case.reset();
    case
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", told(output));
    serde_json::from_slice(&output.stdout).expect("it is one object")
}

/// The group of `run` whose `key` is `value`.
#[track_caller]
fn group<'v>(run: &'v Value, key: &str, value: &str) -> &'v Value {
    let groups = run["groups"].as_array().unwrap();
    groups.iter().find(|group| group[key] == value).unwrap_or_else(|| panic!("{groups:?}"))
}

#[test]
fn a_table_tells_of_each_call() {
    let replay = copied().replay(&["--stats"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    let table = stdout(&replay);
    let head = table.lines().next().unwrap();
    for column in ["calls", "made", "errors", "diverged", "data", "mean", "p99", "then", "ratio"] {
        assert!(head.contains(column), "{head}");
    }
    let write = table.lines().find(|line| line.starts_with("write ")).unwrap();
    assert!(write.contains("19.5 KiB"), "{write}");
}

#[test]
fn the_object_has_what_calls_did_and_how_long_they_took() {
    let run = json(&copied().replay(&["--json", "--verify"]));
    assert_eq!(
        (&run["version"], &run["order"], &run["verified"]),
        (&1.into(), &"strict".into(), &true.into())
    );
    assert_eq!(run["diverged"], 0);
    let write = group(&run, "call", "write");
    assert_eq!((&write["made"], &write["bytes"]), (&20.into(), &20_000.into()));
    for which in ["recorded", "replayed"] {
        let times = &write[which];
        let time = |name: &str| times[name].as_f64().unwrap();
        assert!(
            time("min") <= time("p50") && time("p50") <= time("p99") && time("p99") <= time("max")
        );
        assert!(time("sum") >= 20.0 * time("min") && time("mean") > 0.0, "{times}");
    }
    let failed: u64 = run["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| g["recorded_errors"].as_u64().unwrap())
        .sum();
    let again: u64 = run["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|g| g["replayed_errors"].as_u64().unwrap())
        .sum();
    assert!(
        failed > 0 && failed == again,
        "a linker looks for files that aren't there: {failed} {again}"
    );
}

#[test]
fn calls_are_told_apart_by_file_and_process() {
    let case = Case::new(|folder| fs::write(folder.join("a"), vec![b'x'; 20_000]).unwrap());
    let script =
        "dd if=a of=b bs=1000 status=none; cd /; dd if=$OLDPWD/b of=$OLDPWD/c bs=500 status=none";
    case.record_all(&["sh", "-c", script]);
    case.reset();
    let run = json(&case.replay(&["--json", "--stats=call,path"]));
    let groups = run["groups"].as_array().unwrap();
    let of = |call: &str, name: &str| {
        let path = case.folder().join(name).display().to_string();
        let group = groups.iter().find(|group| group["call"] == call && group["path"] == *path);
        group.unwrap_or_else(|| panic!("no {call} of {path}"))["made"].as_u64().unwrap()
    };
    assert_eq!(
        (of("read", "a"), of("write", "b"), of("read", "b"), of("write", "c")),
        (21, 20, 41, 40)
    );
    assert_eq!(of("openat", "b"), 2, "relative and absolute");
    case.reset();
    let run = json(&case.replay(&["--json", "--stats=process"]));
    assert_eq!(run["groups"].as_array().unwrap().len(), 3, "a shell and two children");
    case.reset();
    let csv = stdout(&case.replay(&["--csv", "--stats=call,process"]));
    let head = csv.lines().next().unwrap();
    assert!(head.starts_with("call,process,path,calls,made,") && head.ends_with(",replayed_max"));
    let writes: Vec<_> = csv.lines().filter(|line| line.starts_with("write,")).collect();
    assert_eq!(writes.len(), 2, "{writes:?}");
    assert!(csv.lines().all(|line| line.split(',').count() == head.split(',').count()));
}

/// Rows of calls without what differs from replay to replay.
fn rows(case: &Case, name: &str) -> Vec<String> {
    let file = case.trace().with_file_name(name);
    let text = prints(&["cat", "--json", "--exact"], &file);
    let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let rows = rows.map(|mut row| {
        let fields = row.as_object_mut().unwrap();
        for time in ["time_called", "time_returned", "time_recorded"] {
            fields.remove(time);
        }
        row.to_string()
    });
    rows.filter(|row| !row.contains("Recorder::Info")).collect()
}

#[test]
fn a_faithful_replay_leaves_the_same_trace() {
    let case = copied();
    let replayed = case.trace().with_file_name("replayed.ds");
    let replay = case.replay(&["--verify", "--record", &replayed.to_string_lossy()]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    let (before, after) = (rows(&case, "trace.ds"), rows(&case, "replayed.ds"));
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        assert!(before == after, "{before:.600}\n{after:.600}");
    }
    let info = prints(&["info", "--json"], &replayed);
    assert!(info.contains("\"replayer\":[\"replayer "), "{info}");
    case.reset();
    let again = Command::new(program("replayer"))
        .arg("--plugins")
        .arg(replay_tests::built::plugins())
        .args(["--verify", "--abort"])
        .arg(&replayed)
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(0), "{}", told(&again));
    assert_eq!(case.tree().entry("b").size, 20_000);
}

#[test]
fn a_diverged_replay_leaves_what_it_saw() {
    let case = copied();
    fs::write(case.folder().join("a"), vec![b'y'; 10_500]).unwrap();
    let replayed = case.trace().with_file_name("replayed.ds");
    let replay = case.replay(&["--verify", "--quiet", "--record", &replayed.to_string_lossy()]);
    assert_eq!(replay.status.code(), Some(1), "{}", told(&replay));
    let after = rows(&case, "replayed.ds");
    let reads: Vec<_> =
        after.iter().filter(|row| row.contains("\"data_read\":\"yyyyyyyyyy")).collect();
    assert_eq!(reads.len(), 11, "{after:?}");
    assert!(reads[10].contains("\"return_value\":500"), "{}", reads[10]);
}

#[test]
fn several_runs_have_a_spread_and_two_of_them_compare() {
    let case = copied();
    let setup = format!("rm -f {}", case.folder().join("b").display());
    let words = ["--repeat", "3", "--warmup", "1", "--setup", &setup, "--verify", "--json"];
    let replay = case.replay(&words);
    let runs = json(&replay);
    assert_eq!(runs["runs"].as_array().unwrap().len(), 3);
    assert_eq!(runs["seconds"]["count"], 3);
    assert!(
        told(&replay).contains("warm-up 1: faithful") && told(&replay).contains("run 3: faithful")
    );
    assert!(told(&replay).contains("3 runs: "), "{}", told(&replay));

    let file = |name: &str| case.trace().with_file_name(name);
    fs::write(file("a.json"), &replay.stdout).unwrap();
    fs::write(file("b.json"), &case.replay(&["--json"]).stdout).unwrap();
    let compare = |words: &[&str]| {
        let mut compare = Command::new(program("replayer"));
        compare.arg("compare").args(words).arg(file("a.json")).arg(file("b.json")).output().unwrap()
    };
    let table = stdout(&compare(&[]));
    assert!(table.lines().nth(1).unwrap().starts_with("whole replay"), "{table}");
    assert!(table.lines().any(|line| line.starts_with("write ")), "{table}");
    let differences = json(&compare(&["--json"]));
    assert_eq!(differences[0]["before"]["count"], 3);
    assert_eq!(differences[0]["after"]["count"], 1);
    fs::write(file("b.json"), "no results").unwrap();
    let output = compare(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("b.json: these aren't results"), "{}", told(&output));
}

#[test]
fn a_setup_that_fails_ends_the_runs() {
    let output = copied().replay(&["--repeat", "2", "--setup", "exit 3"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        told(&output).contains("--setup: the command failed: exit status: 3"),
        "{}",
        told(&output)
    );
}
