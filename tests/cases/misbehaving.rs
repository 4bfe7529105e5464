//! Plugins that do what no plugin may: noticed, told with plugin and record, and dealt with as asked.

use std::fs;
use std::process::{Command, Output};

use replay_tests::built::program;
use replay_tests::case::{Case, told};
use replay_tests::folder::{PluginFolder, source};
use replay_tests::tool::{prints, said};

/// All plugins, but mkdir is by one that does `what`.
fn folder(what: &str) -> PluginFolder {
    let folder = PluginFolder::without(&["mkdir"]);
    let define = format!("-DDOES_{what}");
    folder.add_c("libmisbehaving.so", &source("plugins-in-c/misbehaving.c"), &[&define]);
    folder
}

/// `mkdir one two`, recorded with stock plugins and to be replayed with one that does `what`.
fn case(what: &str) -> (PluginFolder, Case) {
    let folder = folder(what);
    let case = Case::new(|_| ());
    case.record_all(&["mkdir", "one", "two"]);
    case.reset();
    let case = case.with_plugins(folder.path());
    (folder, case)
}

/// What the replay with `words` tells, given that it ends with `status`.
#[track_caller]
fn replay(case: &Case, words: &[&str], status: i32) -> String {
    let output: Output = case.replay(&[&["--quiet", "--verify"], words].concat());
    let told = told(&output);
    assert_eq!(output.status.code(), Some(status), "{told}");
    told
}

/// What is noticed of one call: what the plugin does, and how it is put.
const NOTICED: [(&str, &str); 13] = [
    ("STATUS", "answered with status 4711, which means nothing"),
    ("NO_OUTCOME", "said that it made the call, and gave no outcome"),
    ("OUTCOME", "gave an outcome that no call has: return value 3, errno 17"),
    ("FETCH", "handed over memory for fetch 7, of which it declared 1"),
    ("DANGLING", "handed over 1048576 bytes at 0x10, where they can't be read"),
    ("NULL", "handed over 1048576 bytes at 0x0, where they can't be read"),
    ("LENGTH", "handed over 18446744073709551615 bytes at"),
    ("COLUMN", "told of a divergence in column 9, of which it declared 2"),
    ("NOT_OPEN", "said that descriptor 4711, which isn't open, stands for a traced one"),
    ("SIGNAL_MASK", "changed the thread's signal mask"),
    ("WORKING_DIRECTORY", "changed the working directory"),
    ("UMASK", "changed the umask"),
    ("DESCRIPTOR", "closed or replaced descriptor"),
];

#[test]
fn what_is_noticed_stops_the_replay_with_plugin_and_record() {
    for (what, words) in NOTICED {
        let (_folder, case) = case(what);
        let told = replay(&case, &[], 2);
        assert_eq!(told.lines().count(), 1, "{what}: {told}");
        let begins = format!("replayer: the plugin `misbehaving` {words}");
        assert!(told.starts_with(&begins), "{what}: {told}");
        assert!(told.contains(" at record ") && told.contains("(mkdir)"), "{what}: {told}");
        assert!(told.ends_with("without it: --disable misbehaving\n"), "{what}: {told}");
        assert_eq!(told_of_two(&case), Vec::<&str>::new(), "{what}");
    }
}

/// What there is of the second folder.
fn told_of_two(case: &Case) -> Vec<&'static str> {
    if case.folder().join("two").exists() { vec!["two"] } else { vec![] }
}

#[test]
fn with_skip_the_records_are_left_out_one_by_one() {
    for (what, words) in NOTICED.into_iter().filter(|(what, _)| *what != "DESCRIPTOR") {
        let (_folder, case) = case(what);
        let told = replay(&case, &["--on-plugin-error", "skip"], 1);
        let line = format!("plugin `misbehaving`: expected a call made again, got that it {words}");
        assert_eq!(told.matches(&line).count(), 2, "{what}: {told}");
        assert!(told.contains("mkdir(given_pathname=\"one\""), "{what}: {told}");
    }
}

#[test]
fn what_it_changed_is_changed_back() {
    for what in ["SIGNAL_MASK", "WORKING_DIRECTORY", "UMASK"] {
        let (_folder, case) = case(what);
        replay(&case, &["--on-plugin-error", "skip"], 1);
        // Both are made where they should be, with the rights that they should have.
        let mode = |name: &str| {
            use std::os::unix::fs::PermissionsExt;
            fs::metadata(case.folder().join(name)).map(|metadata| metadata.permissions().mode())
        };
        assert_eq!(mode("one").unwrap() & 0o777, mode("two").unwrap() & 0o777, "{what}");
    }
}

#[test]
fn with_simulate_the_plugin_is_not_asked_again() {
    for (what, words) in NOTICED.into_iter().filter(|(what, _)| *what != "DESCRIPTOR") {
        let (_folder, case) = case(what);
        let output = case.replay(&["--verify", "--on-plugin-error", "simulate"]);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert_eq!(told.matches(words).count(), 1, "{what}: {told}");
        let made_once = ["SIGNAL_MASK", "WORKING_DIRECTORY", "UMASK"].contains(&what);
        let left_out = if made_once { 1 } else { 2 };
        let line = format!("not made, their plugin misbehaved: {left_out} mkdir");
        assert!(told.contains(&line), "{what}: {told}");
    }
}

#[test]
fn the_manifest_says_what_to_do_too() {
    let (_folder, case) = case("STATUS");
    let manifest = case.folder().join("manifest.toml");
    fs::write(&manifest, "version = 1\non-plugin-error = \"skip\"\n").unwrap();
    let manifest = manifest.to_string_lossy().into_owned();
    replay(&case, &["--manifest", &manifest], 1);
    replay(&case, &["--manifest", &manifest, "--on-plugin-error", "stop"], 2);
    fs::write(&manifest, "version = 1\non-plugin-error = \"hope\"\n").unwrap();
    let told = replay(&case, &["--manifest", &manifest], 2);
    assert!(told.contains("manifest.toml:2:19") && told.contains("hope"), "{told}");
}

#[test]
fn what_takes_the_program_with_it_has_a_name() {
    for (what, words) in [
        ("ABORT", "crashed at record"),
        ("CRASH", "crashed at record"),
        ("EXIT", "exited at record"),
    ] {
        let (_folder, case) = case(what);
        for policy in ["stop", "skip"] {
            let told = replay(&case, &["--on-plugin-error", policy], 2);
            assert_eq!(told.lines().count(), 1, "{what}: {told}");
            let begins = format!("replayer: the plugin `misbehaving` {words} ");
            assert!(told.starts_with(&begins), "{what}: {told}");
            assert!(told.ends_with("without it: --disable misbehaving\n"), "{what}: {told}");
        }
    }
}

#[test]
fn a_call_that_never_returns_ends_the_replay() {
    for what in ["NEVER_RETURN", "SLEEP"] {
        let (_folder, case) = case(what);
        let words = ["--call-timeout", "0.3", "--on-plugin-error", "skip"];
        let told = replay(&case, &words, 2);
        assert!(told.contains("the plugin `misbehaving` has not returned from record"), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}

#[test]
fn a_plugin_that_behaves_is_left_in_peace() {
    let (_folder, case) = case("NOTHING");
    assert_eq!(replay(&case, &["--abort"], 0), "");
    assert!(case.folder().join("two").is_dir());
}

/// Records `mkdir one two` with the plugins of `folder`, one of which writes rows; then replays it with the
/// stock plugins. Returns what the recorder tells.
fn record(folder: &PluginFolder) -> String {
    record_with(folder, "ptrace", &[])
}

/// The same, by `backend`, and with these options.
fn record_with(folder: &PluginFolder, backend: &'static str, options: &[&str]) -> String {
    let case = Case::new(|_| ()).with_plugins(folder.path()).with_backend(backend);
    let output = case.recorder_with(options, &["mkdir", "one", "two"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "the program goes on: {}", told(&output));
    case.reset();
    let stock = PluginFolder::without(&[]);
    let case = case.with_plugins(stock.path());
    let replay = case.replay(&["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", self::told(&replay));
    assert!(
        case.folder().join("two").is_dir(),
        "what the plugin didn't write was recorded without it"
    );
    told(&output)
}

#[test]
fn rows_that_are_not_as_declared_are_counted_and_recording_goes_on() {
    for (what, words) in [
        ("NO_ROWS", "it wrote 0 rows, which isn't what it declared"),
        ("TWO_ROWS", "it wrote 2 rows, which isn't what it declared"),
        ("MANY_ROWS", "it wrote 1048577 rows, which isn't what it declared"),
        ("NUMBER_FOR_BYTES", "it set column given_pathname, of type variable32, to 7"),
        ("BYTES_FOR_NUMBER", "it set column mode_value, of type int32, to 1 bytes"),
        ("OUT_OF_RANGE", "it set column mode_value, of type int32, to 1099511627776"),
        ("UNDECLARED", "it set column 2, which isn't there"),
        ("BEFORE_A_ROW", "it set column 1, which isn't there"),
        ("DANGLING_BYTES", "to 100 bytes at 0x10, where they can't be read"),
        ("NULL_BYTES", "to 100 bytes at 0x0, where they can't be read"),
        ("ROW_STATUS", "it answered with status 4711"),
        ("MASK_IN_ROWS", "it changed the thread's signal mask"),
    ] {
        let told = record(&folder(what));
        assert_eq!(told.lines().count(), 1, "{what}: {told}");
        let begins = "recorder: the plugin `misbehaving` failed to write the rows of 2 calls";
        assert!(told.starts_with(begins) && told.contains(words), "{what}: {told}");
    }
    assert_eq!(record(&folder("NOTHING")), "");
}

/// What takes a plugin's thread with it when it writes rows, and how it is put.
const LOST: [(&str, &str); 7] = [
    ("NEVER_RETURN_ROWS", "it had not returned after 0.3 s"),
    ("SLEEP_IN_ROWS", "it had not returned after 0.3 s"),
    ("END_ITS_THREAD_IN_ROWS", "it had not returned after 0.3 s"),
    ("ABORT_IN_ROWS", "it crashed (SIGABRT)"),
    ("CRASH_IN_ROWS", "it crashed (SIGSEGV)"),
    ("OVERFLOW_IN_ROWS", "it crashed (SIGSEGV)"),
    ("EXIT_IN_ROWS", "it exited"),
];

#[test]
fn a_plugin_that_does_not_come_back_with_rows_is_left_behind() {
    for (what, words) in LOST {
        let told = record_with(&folder(what), "ptrace", &["--plugin-timeout", "0.3"]);
        assert_eq!(told.lines().count(), 1, "{what}: {told}");
        let begins = "recorder: the plugin `misbehaving` failed to write the rows of 2 calls, which were \
                      recorded without it; the first time, at record ";
        let ends = format!(", {words}, and was not asked again\n");
        assert!(told.starts_with(begins) && told.ends_with(&ends), "{what}: {told}");
    }
    let told = record_with(&folder("NEVER_RETURN_ROWS"), "agent", &["--plugin-timeout", "0.3"]);
    assert!(told.contains("it had not returned after 0.3 s, and was not asked again"), "{told}");
}

#[test]
fn what_a_plugin_did_first_and_last_is_told() {
    let told = record_with(&folder("HANG_LATER"), "ptrace", &["--plugin-timeout", "0.3"]);
    let first = "it wrote 2 rows, which isn't what it declared; at record ";
    let last = " it had not returned after 0.3 s, and was not asked again";
    assert!(told.contains(first) && told.contains(last), "{told}");
}

#[test]
fn what_became_of_the_rows_is_in_the_trace() {
    let folder = folder("CRASH_IN_ROWS");
    let case = Case::new(|_| ()).with_plugins(folder.path());
    case.record(&["mkdir", "one", "two", "three"]);
    assert_eq!(said(&case.trace(), "plugin_failed"), ["3 calls of misbehaving"]);
}

#[test]
fn a_log_is_converted_without_a_plugin_that_crashes_or_exits() {
    for (what, words) in [("CRASH_IN_ROWS", "it crashed (SIGSEGV)"), ("EXIT_IN_ROWS", "it exited")]
    {
        let folder = folder(what);
        let log = folder.path().join("log");
        fs::write(&log, "mkdir(\"one\", 0777) = 0\nmkdir(\"two\", 0777) = 0\n").unwrap();
        let mut strace2ds = Command::new(program("strace2ds"));
        strace2ds.arg("--plugins").arg(folder.path()).arg("-o").arg(folder.path().join("t.ds"));
        let output = strace2ds.arg(&log).output().unwrap();
        let told = told(&output);
        assert_eq!(output.status.code(), Some(1), "the trace lacks the rows: {told}");
        let line = "strace2ds: the plugin `misbehaving` failed to write the rows of 2 calls";
        assert!(told.contains(line) && told.contains(words), "{told}");
        let calls = prints(
            &["cat", "--calls", "--plugins", &folder.path().to_string_lossy()],
            &folder.path().join("t.ds"),
        );
        assert!(calls.contains("mkdir(given_pathname=\"two\""), "{calls}");
    }
}

#[test]
fn the_program_ends_as_it_would_have_without_a_plugin_that_was_left_behind() {
    let folder = folder("EXIT_IN_ROWS");
    let case = Case::new(|_| ()).with_plugins(folder.path());
    for (script, status) in [("mkdir one; exit 7", Some(7)), ("mkdir two; kill -9 $$", None)] {
        let output = case.record(&["sh", "-c", script]);
        assert_eq!(output.status.code(), status, "{script}: {}", told(&output));
    }
}

#[test]
fn rows_that_panic_are_counted_with_what_was_said() {
    let folder = PluginFolder::without(&["mkdir"]);
    folder.add("panicking_rows");
    let told = record(&folder);
    assert!(
        told.contains("the plugin `panicking_rows` failed to write the rows of 2 calls"),
        "{told}"
    );
    assert!(told.contains("mode 777 is too much"), "{told}");
}
