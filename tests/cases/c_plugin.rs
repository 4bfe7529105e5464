//! Plugins in C: recorded and replayed like any other, by the same programs.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use replay_tests::built::program;
use replay_tests::case::{Case, told};
use replay_tests::folder::{PluginFolder, compile, source};

/// All plugins, but pread64 and mkdir are by the example.
fn folder() -> PluginFolder {
    let folder = PluginFolder::without(&["pread64", "mkdir"]);
    folder.add_c("libc_plugin.so", &source("../examples/c-plugin/plugin.c"), &[]);
    folder
}

/// A file in a folder, and the program that looks at it.
fn case(folder: &PluginFolder) -> Case {
    let case = Case::new(|folder: &Path| {
        fs::write(folder.join("letter"), "dear reader").unwrap();
        compile(&source("programs/looks.c"), &folder.join("looks"), &[]);
    });
    case.with_plugins(folder.path())
}

#[track_caller]
fn assert_diverged(output: &Output, words: &[&str]) {
    let told = told(output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    for word in words {
        assert!(told.contains(word), "{word:?} isn't in: {told}");
    }
}

#[test]
fn a_plugin_in_c_records_and_replays() {
    let folder = folder();
    let case = case(&folder);
    case.record_all(&["./looks"]);
    let recorded = case.tree();
    case.reset();
    let replay = case.replay(&["--verbose", "--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert_eq!(recorded.differences(&case.tree()), Vec::<String>::new());
    for line in [
        "pread(descriptor=3, data_read=\"ar re\", bytes_requested=5, offset=2) = 5",
        "mkdir(given_pathname=\"made\", mode_value=0751) = 0",
    ] {
        assert!(told(&replay).contains(line), "{line} isn't in: {}", told(&replay));
    }
}

#[test]
fn what_it_records_is_what_the_stock_plugins_replay() {
    let folder = folder();
    let case = case(&folder);
    case.record_all(&["./looks"]);
    case.reset();
    let stock = PluginFolder::without(&[]);
    let case = case.with_plugins(stock.path());
    let replay = case.replay(&["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
}

#[test]
fn its_data_and_its_results_are_verified() {
    let folder = folder();
    let case = case(&folder);
    case.record_all(&["./looks"]);
    let replay = case.replay(&["--verify"]);
    assert_diverged(&replay, &["mkdir(", "return_value: expected 0, got EEXIST"]);
    case.reset();
    fs::write(case.folder().join("letter"), "dear writer").unwrap();
    let replay = case.replay(&["--verify"]);
    assert_diverged(&replay, &["pread(", "data_read: expected \"re\" at byte 3 of 5, got \"wr\""]);
}

#[test]
fn the_manifest_lets_it_take_the_place_of_stock_plugins() {
    let folder = PluginFolder::without(&[]);
    folder.add_c("libc_plugin.so", &source("../examples/c-plugin/plugin.c"), &[]);
    let case = case(&folder);
    let manifest = case.folder().join("manifest.toml");
    let text = "version = 1\n[syscall.pread64]\nplugin = \"c-plugin\"\n\
                [syscall.mkdir]\nplugin = \"c-plugin\"\n";
    fs::write(&manifest, text).unwrap();
    let output = case.record(&["./looks"]);
    assert!(told(&output).contains("is already provided by"), "{}", told(&output));
    let trace = case.trace();
    let mut recorder = Command::new(program("recorder"));
    recorder.arg("--plugins").arg(folder.path()).arg("--manifest").arg(&manifest);
    recorder.arg("-X").arg(&trace).arg("./looks").current_dir(case.folder());
    let output = recorder.output().unwrap();
    assert_eq!((output.status.code(), told(&output)), (Some(0), String::new()));
    fs::rename(case.folder().join("made"), case.folder().join("recorded")).unwrap();
    let manifest = manifest.to_string_lossy();
    let replay = case.replay(&["--manifest", &manifest, "--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert!(case.folder().join("made").is_dir());
}

/// Compiles the broken plugin with `what` of it broken, and tries to record with it.
fn record_with_broken(what: &str) -> Output {
    let folder = PluginFolder::without(&["mkdir"]);
    let define = format!("-DBROKEN_{what}");
    folder.add_c("libbroken.so", &source("plugins-in-c/broken.c"), &[&define]);
    case(&folder).record(&["./looks"])
}

#[test]
fn a_module_that_makes_no_sense_is_refused_with_a_sentence() {
    for (what, words) in [
        ("NULL_MODULE", "its module makes no sense: it gives none"),
        ("DANGLING_MODULE", "its module makes no sense: the module is at"),
        ("CALL_SIZE", "and 16, and no version has those"),
        ("CALL_COUNT", "it says that it has 4294967295 calls"),
        ("NO_REPLAY", "call 0 has no function that replays it"),
        ("DANGLING_COLUMNS", "the list of columns is at 0x1000, where nothing is"),
        ("MANY_COLUMNS", "the list of columns has 18446744073709551615 items"),
        ("NULL_NAME", "a column's name is null and not empty"),
        ("UNKNOWN_KIND", "type 99 of column given_pathname of mkdir is unknown here"),
        (
            "DANGLING_FETCH",
            "column given_pathname of mkdir points to fetch 7, of which there are 1",
        ),
        ("NO_ENTRY", "exports neither `SYSCALL_PLUGIN_MODULE` nor `replay_plugin_v1`"),
        ("CLAIMS", "its header claims mkdir=mkdir other=, its module mkdir=mkdir"),
        ("NEWER", "it was built for plugin ABI 1.999, this is 1."),
        ("OTHER", "it was built for plugin ABI 2.0, this is 1."),
        ("SCHEMA", "it speaks record schema 9.0, this is 1."),
    ] {
        let output = record_with_broken(what);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(2), "{what}: {told}");
        assert!(told.contains("libbroken.so") && told.contains(words), "{what}: {told}");
        assert_eq!(told.lines().count(), 1, "{what}: {told}");
    }
}

#[test]
fn a_plugin_with_shorter_calls_than_ours_is_taken() {
    let output = record_with_broken("NOTHING");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
}
