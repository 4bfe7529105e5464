//! What of a program is recorded, and where it goes: the recorder's options.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use replay_tests::built::{plugins, program};
use replay_tests::case::{Case, told};
use replay_tests::tool::{dstool, prints, ran, said};
use serde_json::Value;

const TEXT: &str = "0123456789abcdefghijklmnopqrstuvwxyz\n";

fn with_a_file() -> Case {
    Case::new(|folder| fs::write(folder.join("a"), TEXT.repeat(1000)).unwrap())
}

/// The recorder with `options`, to run `words` in the case's folder.
fn recorder(case: &Case, options: &[&str], words: &[&str]) -> Command {
    let mut command = Command::new(program("recorder"));
    command.arg("--plugins").arg(plugins()).arg("-X").arg(case.trace());
    command.args(options).args(words).current_dir(case.folder()).env("LC_ALL", "C");
    command
}

fn record(case: &Case, options: &[&str], words: &[&str]) -> Output {
    recorder(case, options, words).output().expect("the recorder runs")
}

#[track_caller]
fn recorded(case: &Case, options: &[&str], words: &[&str]) {
    let output = record(case, options, words);
    assert!(output.status.success(), "{options:?} {words:?}: {}", told(&output));
}

/// How many rows each type of the trace in `file` has; its name's last part tells the type.
fn rows(file: &Path) -> BTreeMap<String, u64> {
    let info: Value = serde_json::from_str(&prints(&["info", "--json"], file)).unwrap();
    let types = info["types"].as_array().unwrap().iter();
    let short = |ty: &Value| {
        let name = ty["name"].as_str().unwrap();
        name.rsplit("::").next().unwrap().to_owned()
    };
    types.map(|ty| (short(ty), ty["rows"].as_u64().unwrap())).collect()
}

/// The rows of type `ty` as text.
fn cat(file: &Path, ty: &str) -> String {
    let output = ran(dstool(&["cat", "--json", "--type", ty]).arg(file));
    assert!(output.status.success(), "{}", told(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// The types of calls that are in the trace, the first record's apart.
fn calls(case: &Case) -> Vec<String> {
    let own = ["Info", "State", "Task", "Overlap"];
    let names = rows(&case.trace()).into_keys();
    names.filter(|name| !own.contains(&name.as_str()) && name != "umask").collect()
}

#[test]
fn only_selected_calls_are_recorded() {
    let case = with_a_file();
    let words = ["dd", "if=a", "of=b", "bs=1000", "status=none"];
    recorded(&case, &["-e", "trace=read,write"], &words);
    assert_eq!(calls(&case), ["read", "write"]);
    recorded(&case, &["-e", "/^(read|dup2)$"], &words);
    assert_eq!(calls(&case), ["dup2", "read"]);
    recorded(&case, &["-e", "%desc", "-e", "!read,mmap"], &words);
    let selected = calls(&case);
    assert!(selected.contains(&"dup2".to_owned()) && selected.contains(&"openat".to_owned()));
    assert!(!selected.iter().any(|call| ["read", "mmap", "brk"].contains(&call.as_str())));
    recorded(&case, &["-e", "trace=%network"], &words);
    assert_eq!(calls(&case), [""; 0]);
}

#[test]
fn what_is_selected_and_unknown_is_named() {
    let case = with_a_file();
    for (set, complaint) in [
        ("trace=raed", "raed: no plugin has a call of that name"),
        ("%nets", "%nets: no plugin has a call of that class"),
        ("inject=read", "say -e trace="),
    ] {
        let output = record(&case, &["-e", set], &["true"]);
        assert_eq!(output.status.code(), Some(2), "{set}");
        assert!(told(&output).contains(complaint), "{set}: {}", told(&output));
    }
    recorded(&case, &["-e", "trace=?raed,read"], &["true"]);
}

#[test]
fn a_trace_of_some_paths_has_no_other_files() {
    let case = Case::new(|folder| {
        fs::create_dir_all(folder.join("in")).unwrap();
        fs::write(folder.join("in/a"), TEXT).unwrap();
        fs::write(folder.join("other"), TEXT).unwrap();
    });
    let script = "cat in/a other; cd in; cat ./a > ../out; cat a";
    recorded(&case, &["--path", "in"], &["sh", "-c", script]);
    let opened = cat(&case.trace(), "openat");
    assert_eq!(opened.lines().count(), 3, "{opened}");
    assert!(opened.lines().all(|line| line.contains("a\"")), "{opened}");
    let reads = cat(&case.trace(), "read") + &cat(&case.trace(), "chdir");
    assert!(!reads.is_empty());
    assert!(rows(&case.trace()).contains_key("execve"), "what makes processes stays");
}

#[test]
fn values_are_cut_and_a_replay_knows() {
    let case = with_a_file();
    let words = ["dd", "if=a", "of=b", "bs=1000", "status=none"];
    recorded(&case, &["-s", "16"], &words);
    assert_eq!(said(&case.trace(), "value_limit"), ["16"]);
    let written = cat(&case.trace(), "write");
    assert!(written.contains("0123456789abcdef") && !written.contains("0123456789abcdefg"));
    let size = case.tree().entry("b").size;
    case.reset();
    let replay = case.replay(&["--verify"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert!(told(&replay).contains("values were not compared"), "{}", told(&replay));
    let tree = case.tree();
    assert_eq!(tree.entry("b").size, size, "as much is written as was");
    assert!(tree.entry("b").content.starts_with(b"0123456789abcdef\0\0"));
    // What is there of a value is compared.
    fs::write(case.folder().join("a"), TEXT.replace('5', "6").repeat(1000)).unwrap();
    assert_eq!(case.replay(&["--verify"]).status.code(), Some(1));
}

#[test]
fn hidden_data_replays_to_hidden_data() {
    let case = with_a_file();
    let words = ["sh", "-c", "dd if=a of=b bs=1024 status=none; dd if=b of=c bs=4096 status=none"];
    recorded(&case, &["--hash-payload"], &words);
    assert_eq!(said(&case.trace(), "payload"), ["hashed"]);
    assert!(!fs::read(case.trace()).unwrap().windows(10).any(|bytes| bytes == b"0123456789"));
    let length = case.tree().entry("c").size;
    fs::remove_file(case.folder().join("b")).unwrap();
    fs::remove_file(case.folder().join("c")).unwrap();
    let replay = case.replay(&[]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    let tree = case.tree();
    assert_eq!(tree.entry("c").size, length);
    assert_ne!(tree.entry("b").content, tree.entry("a").content);
    assert_eq!(tree.entry("b").content, tree.entry("c").content, "equal data stays equal");
}

#[test]
fn the_environment_is_recorded_as_far_as_wanted() {
    let case = with_a_file();
    for (which, secret, home) in
        [("all", true, true), ("none", false, false), ("HOME", false, true)]
    {
        let output = recorder(&case, &["--env", which], &["true"])
            .env("SECRET", "do not tell")
            .env("HOME", "/somewhere")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", told(&output));
        let rows = cat(&case.trace(), "execve");
        assert_eq!(rows.contains("do not tell"), secret, "{which}");
        assert_eq!(rows.contains("/somewhere"), home, "{which}");
        assert_eq!(said(&case.trace(), "environment"), [which]);
        assert_eq!(case.replay(&["--verify"]).status.code(), Some(0));
    }
}

/// The files `trace.ds`, `trace.2.ds` and so on that are there.
fn files(case: &Case) -> Vec<PathBuf> {
    let numbered = |n: usize| match n {
        1 => case.trace(),
        n => case.trace().with_extension(format!("{n}.ds")),
    };
    (1..200).map(numbered).filter(|path| path.is_file()).collect()
}

fn replay_files(files: &[PathBuf], words: &[&str]) -> Output {
    let mut command = Command::new(program("replayer"));
    command.arg("--plugins").arg(plugins()).args(words).args(files);
    command.output().expect("the replayer runs")
}

#[test]
fn a_rotated_trace_replays_as_one() {
    let case = Case::new(|folder| fs::write(folder.join("a"), noise(6 << 20)).unwrap());
    recorded(&case, &["--rotate", "2M"], &["dd", "if=a", "of=b", "bs=64k", "status=none"]);
    let files = files(&case);
    assert!(files.len() > 3, "{files:?}");
    for file in &files {
        assert_eq!(ran(dstool(&["check"]).arg(file)).status.code(), Some(0));
        assert!(said(file, "recorder")[0].starts_with("recorder "), "each says what it is of");
    }
    let tree = case.tree();
    case.reset();
    let replay = replay_files(&files, &["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert_eq!(tree.differences(&case.tree()), Vec::<String>::new());
}

#[test]
fn of_a_rotated_trace_the_last_files_are_kept() {
    let case = Case::new(|folder| fs::write(folder.join("a"), noise(6 << 20)).unwrap());
    let words = ["dd", "if=a", "of=b", "bs=64k", "status=none"];
    let output = record(&case, &["--rotate", "2M", "--rotate-keep", "2"], &words);
    let files = files(&case);
    assert_eq!(files.len(), 2, "{files:?}");
    assert!(!case.trace().exists(), "the first is gone");
    assert!(told(&output).contains("rows were not kept"), "{}", told(&output));
}

#[test]
fn a_trace_stops_growing_at_its_limit() {
    let case = Case::new(|folder| fs::write(folder.join("a"), noise(6 << 20)).unwrap());
    let words = ["dd", "if=a", "of=b", "bs=64k", "status=none"];
    let output = record(&case, &["--max-size", "3M"], &words);
    assert!(output.status.success());
    assert!(told(&output).contains("reached its size limit"), "{}", told(&output));
    let size = fs::metadata(case.trace()).unwrap().len();
    assert!((1 << 20..4 << 20).contains(&size), "{size}");
    assert!(said(&case.trace(), "rows_not_kept")[0].parse::<u64>().unwrap() > 0);
    assert_eq!(ran(dstool(&["check"]).arg(case.trace())).status.code(), Some(0));
}

#[test]
fn a_flight_recorder_writes_when_the_program_fails() {
    let case = with_a_file();
    let options = ["--ring", "1M", "--dump-on", "exit!=0"];
    let output = record(&case, &options, &["sh", "-c", "cat a > b; exit 0"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(!case.trace().exists(), "all went well");
    let output = record(&case, &options, &["sh", "-c", "cat a > b; exit 3"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(said(&case.trace(), "dumped"), ["exit!=0"]);
    assert!(rows(&case.trace())["execve"] > 0);
}

#[test]
fn a_flight_recorder_keeps_the_last_calls() {
    let case = Case::new(|folder| fs::write(folder.join("a"), noise(6 << 20)).unwrap());
    let words = ["dd", "if=a", "of=b", "bs=64k", "status=none"];
    recorded(&case, &["--ring", "2M", "--dump-on", "exit"], &words);
    let size = fs::metadata(case.trace()).unwrap().len();
    assert!((1 << 20..3 << 20).contains(&size), "{size}");
    let kept = rows(&case.trace());
    assert!(said(&case.trace(), "rows_not_kept")[0].parse::<u64>().unwrap() > 0);
    assert!(kept["write"] > 0 && kept["write"] < 96, "{kept:?}");
}

#[test]
fn a_flight_recorder_writes_on_a_signal_and_goes_on() {
    let case = with_a_file();
    let script = "cat a > b; echo ready; read line; cat b > c; echo done";
    let mut child =
        recorder(&case, &["--ring", "1M", "--dump-on", "SIGUSR1,exit"], &["sh", "-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    // SAFETY: the recorder is this test's own child, not waited for yet.
    unsafe { libc::kill(child.id() as i32, libc::SIGUSR1) };
    wait_until(|| ran(dstool(&["check"]).arg(case.trace())).status.code() == Some(0));
    child.stdin.take().unwrap().write_all(b"on\n").unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(said(&case.trace(), "dumped"), ["SIGUSR1"]);
    let second = case.trace().with_extension("2.ds");
    assert_eq!(said(&second, "dumped"), ["exit"]);
    assert!(rows(&second)["write"] > rows(&case.trace())["write"]);
}

/// Waits for what comes, and not for ever.
#[track_caller]
fn wait_until(mut has_come: impl FnMut() -> bool) {
    let start = Instant::now();
    while !has_come() {
        assert!(start.elapsed() < Duration::from_secs(60), "it doesn't come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Bytes that don't compress.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..length / 8).flat_map(|_| next().to_le_bytes()).collect()
}

/// A shell that copies the file `a` to one that each line on its input names.
fn copier(case: &Case) -> Child {
    let script = "while read name; do cat a > $name; echo $name; done; echo end > ended";
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).current_dir(case.folder());
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_process_that_runs_is_recorded_and_let_go_unharmed() {
    let case = with_a_file();
    let mut shell = copier(&case);
    let (mut input, output) = (shell.stdin.take().unwrap(), shell.stdout.take().unwrap());
    let mut output = BufReader::new(output);
    let mut copy = |name: &str| {
        writeln!(input, "{name}").unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), name);
    };
    copy("before");
    let pid = shell.id().to_string();
    let mut recorder = recorder(&case, &["-v", "-p", &pid], &[]);
    let recorder = recorder.stderr(Stdio::piped()).spawn().unwrap();
    let traced = |tracer: u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        status.contains(&format!("TracerPid:\t{tracer}\n"))
    };
    wait_until(|| traced(recorder.id()));
    copy("during");
    copy("again");
    // SAFETY: the recorder is this test's own child, not waited for yet.
    unsafe { libc::kill(recorder.id() as i32, libc::SIGINT) };
    let recorded = recorder.wait_with_output().unwrap();
    assert_eq!(recorded.status.code(), Some(0), "{}", told(&recorded));
    assert!(traced(0), "nobody traces it any more");
    copy("after");
    drop(input);
    assert!(shell.wait().unwrap().success());
    assert_eq!(fs::read_to_string(case.folder().join("ended")).unwrap(), "end\n");

    assert_eq!(said(&case.trace(), "detached"), ["yes"]);
    assert_eq!(said(&case.trace(), "argument")[0], "sh");
    let opened = cat(&case.trace(), "openat");
    assert!(opened.contains("during") && opened.contains("again"), "{opened}");
    assert!(!opened.contains("before") && !opened.contains("after"), "{opened}");
    // What was recorded can be made again, from where the process stood.
    case.reset();
    let replay = case.replay(&["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    let tree = case.tree();
    assert_eq!(tree.entry("during").content, tree.entry("a").content);
    assert!(!tree.has("before") && !tree.has("after"));
}

#[test]
fn a_process_that_ends_ends_its_recording() {
    let case = with_a_file();
    let mut shell = copier(&case);
    let pid = shell.id().to_string();
    let mut recorder = recorder(&case, &["-p", &pid], &[]).spawn().unwrap();
    wait_until(|| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        status.contains(&format!("TracerPid:\t{}\n", recorder.id()))
    });
    drop(shell.stdin.take());
    assert!(shell.wait().unwrap().success());
    assert!(recorder.wait().unwrap().success());
    assert!(cat(&case.trace(), "openat").contains("ended"));
}

#[test]
fn a_process_that_is_not_there_is_named() {
    let case = with_a_file();
    let output = record(&case, &["-p", "2147483646"], &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("there is no such process"), "{}", told(&output));
    let output = record(&case, &["-p", "1", "true"], &[]);
    assert_eq!(output.status.code(), Some(2), "a program and a process are too much");
}

#[test]
fn a_killed_recorder_leaves_what_it_had() {
    let case = with_a_file();
    let script = "cat a > b; echo ready; read line; cat b > c";
    let mut child = recorder(&case, &[], &["sh", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    // A second after they were made at the latest, calls are in the file.
    let recovered = case.trace().with_extension("whole.ds");
    let recover = || {
        let output = ran(dstool(&["recover", "-o"]).arg(&recovered).arg(case.trace()));
        output.status.code() == Some(0) && rows(&recovered).contains_key("write")
    };
    wait_until(recover);
    child.kill().unwrap();
    child.wait().unwrap();
    case.reset();
    let replay = case.replay(&["--recover", "--verify"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    let tree = case.tree();
    assert_eq!(tree.entry("b").content, tree.entry("a").content);
}
