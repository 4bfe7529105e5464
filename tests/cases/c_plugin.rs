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
        ", data_read=\"ar re\", bytes_requested=5, offset=2) = 5",
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

/// Replays a record of mkdir with the plugin that has options of all types; returns what it was given.
fn options_given(manifest: &str, words: &[&str]) -> Result<String, String> {
    let folder = PluginFolder::without(&["mkdir"]);
    folder.add_c("liboptions.so", &source("plugins-in-c/options.c"), &[]);
    let case = Case::new(|_| ()).with_plugins(folder.path());
    case.record_all(&["mkdir", "made"]);
    let path = folder.path().join("m.toml");
    fs::write(&path, format!("version = 1\n[plugin.options.options]\n{manifest}\n")).unwrap();
    let mut replayer = case.replayer(words);
    let output = replayer.arg("--manifest").arg(&path).output().unwrap();
    match output.status.code() {
        Some(0) => Ok(fs::read_to_string(folder.path().join("log")).unwrap()),
        _ => Err(told(&output)),
    }
}

#[test]
fn options_of_all_types_reach_it_as_they_are_set() {
    let defaults = "0 0 \n1 3 \n2 0 hello\n4 0 slow\n";
    assert_eq!(options_given("log = 'log'", &[]).as_deref(), Ok(defaults));
    let manifest = "log = 'log'\nloud = true\ntimes = -4\ngreeting = 'good day'\nspeed = 'fast'";
    let given = options_given(manifest, &["--set", "options.greeting="]);
    assert_eq!(given.as_deref(), Ok("0 1 \n1 -4 \n2 0 \n4 0 fast\n"));
}

#[test]
fn options_of_it_are_checked_before_it_sees_them() {
    for (manifest, words, told) in [
        ("times = 10", "", "m.toml:3:9: `times` of plugin options is an integer from -4 to 9"),
        ("loud = 1", "", "m.toml:3:8: `loud` of plugin options is true or false"),
        (
            "speed = 'none'",
            "",
            "m.toml:3:9: `speed` of plugin options is one of \"slow\", \"fast\"",
        ),
        ("tone = 1", "", "m.toml:3:1: `tone`: plugin options has no such option: it has log, loud"),
        ("", "options.times=many", "--set options.times=many: it is an integer from -4 to 9"),
    ] {
        let words = if words.is_empty() { vec![] } else { vec!["--set", words] };
        let refused = options_given(manifest, &words).unwrap_err();
        assert!(refused.contains(told), "{refused}");
    }
}

#[test]
fn the_example_makes_folders_private_if_people_want_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let case = case(&folder);
    case.record_all(&["./looks"]);
    for (value, mode) in [("as-recorded", 0o751), ("private", 0o700)] {
        case.reset();
        let replay = case.replay(&["--set", &format!("c-plugin.folders={value}")]);
        assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
        let made = fs::metadata(case.folder().join("made")).unwrap().permissions().mode();
        assert_eq!(made & 0o777, mode, "{value}");
    }
    let mut replayer = Command::new(program("replayer"));
    replayer.args(["plugins", "show", "c-plugin", "--plugins"]).arg(folder.path());
    let output = replayer.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    for line in ["folders = \"as-recorded\"", "Who may enter the folders that are made: one of"] {
        assert!(text.contains(line), "{line} isn't in: {text}");
    }
}

#[test]
fn options_that_make_no_sense_are_refused_with_a_sentence() {
    for (what, words) in [
        ("OPTION_NAME", "an option's name is at 0x10, where nothing is"),
        ("OPTION_KIND", "its options make no sense: option 2: its type is unknown here"),
        ("RANGE", "option 2: its default isn't a value that it takes"),
        ("TWICE", "option `times` is declared twice"),
        ("CHOICES", "an option's list of choices is null and not empty"),
        ("MANY_OPTIONS", "the list of options has 18446744073709551615 items"),
        ("NO_CONFIGURE", "its options make no sense: its `configure` is null"),
    ] {
        let output = record_with_broken("options", what);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(2), "{what}: {told}");
        assert!(told.contains("liboptions.so") && told.contains(words), "{what}: {told}");
        assert_eq!(told.lines().count(), 1, "{what}: {told}");
    }
}

/// Compiles the plugin with `what` of it broken, and tries to record with it.
fn record_with_broken(plugin: &str, what: &str) -> Output {
    let folder = PluginFolder::without(&["mkdir"]);
    let define = format!("-DBROKEN_{what}");
    let source = source(&format!("plugins-in-c/{plugin}.c"));
    folder.add_c(&format!("lib{plugin}.so"), &source, &[&define]);
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
        let output = record_with_broken("broken", what);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(2), "{what}: {told}");
        assert!(told.contains("libbroken.so") && told.contains(words), "{what}: {told}");
        assert_eq!(told.lines().count(), 1, "{what}: {told}");
    }
}

#[test]
fn a_plugin_with_shorter_calls_than_ours_is_taken() {
    let output = record_with_broken("broken", "NOTHING");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
}
