//! The recorder from outside: what the program sees of it, and what it misses.

use std::fs;
use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, Stdio};

use replay_tests::built::program;
use replay_tests::case::{Case, told};
use replay_tests::tool::prints;

fn empty() -> Case {
    Case::new(|_| {})
}

#[test]
fn the_recorder_ends_as_the_program_did() {
    let case = empty();
    for status in [0, 1, 2, 77, 255] {
        let output = case.record(&["sh", "-c", &format!("exit {status}")]);
        assert_eq!(output.status.code(), Some(status), "{}", told(&output));
    }
    // Who runs the tests may have signals ignored, as a shell does for what it runs in the background.
    let heed = || {
        // SAFETY: the call has no memory of ours, and the default action is no code of ours.
        unsafe { libc::signal(libc::SIGINT, libc::SIG_DFL) };
        Ok(())
    };
    for signal in [libc::SIGTERM, libc::SIGKILL, libc::SIGSEGV, libc::SIGABRT, libc::SIGINT] {
        let mut recorder = case.recorder(&["sh", "-c", &format!("kill -{signal} $$")]);
        // SAFETY: between fork and exec it makes one system call.
        let output = unsafe { recorder.pre_exec(heed) }.output().expect("the recorder runs");
        assert_eq!(output.status.signal(), Some(signal), "{:?} {}", output.status, told(&output));
    }
}

#[test]
fn closed_streams_and_ignored_signals_are_the_programs_own() {
    for backend in ["agent", "ptrace"] {
        let case = empty().with_backend(backend);
        let script = "ls /proc/self/fd > fds; trap > traps; exec 1>&- && echo hi";
        let mut recorder = case.recorder(&["bash", "-c", script]);
        let close = || {
            // SAFETY: the calls take no pointer to memory of ours.
            unsafe {
                libc::close(0);
                libc::signal(libc::SIGPIPE, libc::SIG_IGN);
            }
            Ok(())
        };
        // SAFETY: between fork and exec it makes two system calls.
        let output = unsafe { recorder.pre_exec(close) }.output().expect("the recorder runs");
        assert_eq!(output.status.code(), Some(1), "{}", told(&output));
        let open = fs::read_to_string(case.folder().join("fds")).unwrap();
        let traps = fs::read_to_string(case.folder().join("traps")).unwrap();
        assert!(traps.contains("trap -- '' SIGPIPE"), "{backend}: {traps}");
        let (mut native, folder) = (Command::new("bash"), case.folder());
        // SAFETY: as above.
        unsafe { native.args(["-c", script]).current_dir(&folder).pre_exec(close) };
        native.output().expect("bash runs");
        assert_eq!(open, fs::read_to_string(folder.join("fds")).unwrap(), "{backend}");
    }
}

#[test]
fn a_trace_that_may_not_grow_is_an_error() {
    let case = empty();
    let mut recorder = case.recorder(&["sh", "-c", "echo on"]);
    let limit = || {
        let limit = libc::rlimit { rlim_cur: 4096, rlim_max: 4096 };
        // SAFETY: the call reads the structure.
        unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit) };
        Ok(())
    };
    // SAFETY: between fork and exec it makes one system call.
    let output = unsafe { recorder.pre_exec(limit) }.output().expect("the recorder runs");
    assert_eq!(output.status.code(), Some(2), "{:?} {}", output.status, told(&output));
    assert!(told(&output).contains("File too large"), "{}", told(&output));
    assert!(told(&output).contains("dstool recover"), "{}", told(&output));
}

#[test]
fn help_that_nobody_can_read_is_an_error() {
    for words in [
        &["recorder", "--help"][..],
        &["recorder", "--version"],
        &["replayer", "--help"],
        &["replayer", "prepare", "--help"],
        &["dstool", "check", "--help"],
        &["strace2ds", "-h"],
    ] {
        let run = |to: Stdio| {
            let mut command = Command::new(program(words[0]));
            command.args(&words[1..]).stdout(to).output().expect("it runs")
        };
        let full = fs::File::create("/dev/full").expect("it is there");
        let output = run(full.into());
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(told(&output).contains("standard output: No space left"), "{}", told(&output));
        let output = run(Stdio::piped());
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", told(&output));
        assert!(!output.stdout.is_empty(), "{words:?}");
    }
}

#[test]
fn standard_output_is_no_file_for_the_trace() {
    let output = Command::new(program("recorder")).args(["-X", "-", "true"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("standard output is the program's"), "{}", told(&output));
}

#[test]
fn input_output_and_errors_are_the_programs_own() {
    let case = empty();
    let mut recorder = case.recorder(&["sh", "-c", "cat; echo to errors >&2"]);
    let recorder = recorder.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = recorder.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"through\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"through\n");
    assert_eq!(output.stderr, b"to errors\n");
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let case = empty();
    let output = case.record(&["no-such-program"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        told(&output).contains("no-such-program: there is no such program"),
        "{}",
        told(&output)
    );
    fs::write(case.folder().join("text"), "no program\n").unwrap();
    let output = case.record(&["./text"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("text: it can't be run"), "{}", told(&output));
}

#[test]
fn calls_without_a_plugin_are_counted_and_named_once() {
    let case = empty();
    let mut recorder = case.recorder(&["sh", "-c", "umask; umask; umask"]);
    let output = recorder.args([] as [&str; 0]).output().unwrap();
    assert_eq!(told(&output), "", "everything is recorded");
    let mut recorder = std::process::Command::new(replay_tests::built::program("recorder"));
    recorder.arg("--plugins").arg(replay_tests::built::plugins());
    recorder.args(["--disable", "umask,getuid", "-X"]).arg(case.trace());
    let output = recorder.args(["sh", "-c", "umask; umask; umask"]).output().unwrap();
    let lines: Vec<_> = told(&output).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("calls were not recorded") && lines[0].contains("umask 6"),
        "{lines:?}"
    );
}

#[test]
fn a_terminals_signals_are_the_programs() {
    let case = empty();
    let script = "trap 'echo caught; exit 3' TERM; echo ready; while :; do sleep 0.01; done";
    let mut recorder = case.recorder(&["sh", "-c", script]);
    let mut child = recorder.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut ready = [0; 6];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();
    // SAFETY: the recorder is this test's own child, not waited for yet.
    unsafe { libc::kill(child.id() as i32, libc::SIGTERM) };
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), &output.stdout[..]), (Some(3), &b"caught\n"[..]));
}

#[test]
fn the_environment_is_changed_as_asked() {
    let case = empty();
    let mut recorder = std::process::Command::new(replay_tests::built::program("recorder"));
    recorder.arg("--plugins").arg(replay_tests::built::plugins()).arg("-X").arg(case.trace());
    recorder.args(["-E", "NEW=1", "-E", "HOME", "sh", "-c", "echo $NEW-$HOME-"]);
    assert_eq!(recorder.output().unwrap().stdout, b"1--\n");
}

/// What the trace says of itself under `key`.
fn said(case: &Case, key: &str) -> Vec<String> {
    let info = prints(&["cat", "--json", "-t", "Recorder::Info"], &case.trace());
    let rows = info.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let of_key = rows.filter(|row| row["key"] == key);
    of_key.map(|row| row["value"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn rings_are_refused_and_that_is_told() {
    let case = empty();
    let rings = program("rings").to_string_lossy().into_owned();
    let output = case.record(&[&rings]);
    assert_eq!(output.stdout, b"refused\n", "the program sees a kernel without rings");
    let text = told(&output);
    assert!(text.contains("1 io_uring_setup were refused, for what goes"), "{text}");
    assert!(text.contains("--allow io_uring_setup"), "the way on: {text}");
    assert_eq!(said(&case, "refused"), ["1 io_uring_setup"]);
    let replay = case.replay(&["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
}

#[test]
fn rings_are_let_through_if_asked_and_what_they_hide_is_counted() {
    let case = empty();
    let rings = program("rings").to_string_lossy().into_owned();
    let alone = std::process::Command::new(&rings).output().unwrap();
    if alone.stdout == b"refused\n" {
        eprintln!("skipped: this kernel has no rings, or lets nobody use them");
        return;
    }
    let mut recorder = std::process::Command::new(program("recorder"));
    recorder.arg("--plugins").arg(replay_tests::built::plugins()).arg("-X").arg(case.trace());
    let output = recorder.args(["--allow", "io_uring_setup", &rings]).output().unwrap();
    assert_eq!(output.stdout, b"submitted 2\n", "{}", told(&output));
    assert!(
        told(&output).contains("2 requests of io_uring_enter are not in the trace"),
        "{}",
        told(&output)
    );
    assert_eq!(said(&case, "hidden"), ["2 requests of io_uring_enter"]);
    assert_eq!(said(&case, "refused"), Vec::<String>::new());
    let replay = case.replay(&["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
}

#[test]
fn a_call_to_allow_that_nothing_has_is_named() {
    let case = empty();
    let mut recorder = std::process::Command::new(program("recorder"));
    recorder.arg("--plugins").arg(replay_tests::built::plugins()).arg("-X").arg(case.trace());
    let output = recorder.args(["--allow", "io_uring", "true"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        told(&output).contains("io_uring") && told(&output).contains("--allow"),
        "{}",
        told(&output)
    );
}

#[test]
fn calls_by_the_door_for_32_bit_programs_are_counted() {
    let case = empty();
    let program = program("foreign-calls").to_string_lossy().into_owned();
    let alone = std::process::Command::new(&program).output().unwrap();
    if !alone.status.success() {
        eprintln!("skipped: this kernel has no calls for 32-bit programs");
        return;
    }
    let output = case.record(&[&program]);
    assert_eq!(output.stdout, b"0\n0\n0\n", "the calls are made");
    assert!(
        told(&output).contains("3 calls of 32-bit programs were not recorded"),
        "{}",
        told(&output)
    );
    assert_eq!(said(&case, "foreign_abi_calls"), ["3"]);
    let replay = case.replay(&["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
}
