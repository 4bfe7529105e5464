//! Whatever the replayer and the recorder are given: a sentence that names the place, an exit status, and
//! never a panic.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use dataseries::{Checks, File};
use replay_tests::built::{built, plugins, program};
use replay_tests::case::told;
use replay_tests::folder::PluginFolder;
use tempfile::TempDir;

/// A trace by the original recorder.
const TRACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/reference/rmdir.ds");

/// Runs the replayer in an empty folder, with plugins from `folder`.
fn replay(folder: &Path, words: &[&str]) -> Output {
    let scratch = TempDir::new().unwrap();
    let mut replayer = Command::new(program("replayer"));
    replayer.arg("--plugins").arg(folder).args(words).current_dir(&scratch);
    replayer.output().unwrap()
}

/// Asserts that nothing was replayed, and that one line says why, with all of `words`.
#[track_caller]
fn assert_refused(output: &Output, words: &[&str]) {
    let told = told(output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    for word in words {
        assert!(told.contains(word), "{word:?} isn't in: {told}");
    }
}

#[test]
fn what_is_no_trace_is_refused() {
    let scratch = TempDir::new().unwrap();
    let path = |name: &str| scratch.path().join(name).to_string_lossy().into_owned();
    fs::write(path("text"), "not a trace, but long enough to be one\n".repeat(100)).unwrap();
    fs::write(path("empty"), "").unwrap();
    for (name, words) in [
        ("text", &["text", "not a DataSeries file"][..]),
        ("empty", &["empty"]),
        ("none", &["none", "No such file"]),
        ("", &["not a regular file"]),
    ] {
        assert_refused(&replay(&plugins(), &[&path(name)]), words);
    }
    assert_refused(&replay(&plugins(), &["/dev/null"]), &["/dev/null: not a regular file"]);
}

#[test]
fn a_trace_cut_off_anywhere_is_refused() {
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("cut.ds");
    let whole = fs::read(TRACE).unwrap();
    for length in (0..whole.len()).step_by(1024) {
        fs::write(&path, &whole[..length]).unwrap();
        assert_refused(&replay(&plugins(), &[&path.to_string_lossy()]), &["cut.ds"]);
    }
}

#[test]
fn a_damaged_extent_is_refused_by_its_place() {
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("damaged.ds");
    let whole = fs::read(TRACE).unwrap();
    let file = File::open(TRACE, Checks::ALL).unwrap();
    let mut offsets: Vec<_> = file.entries().iter().map(|entry| entry.offset as usize).collect();
    offsets.push(whole.len());
    for extent in offsets.windows(2) {
        let mut damaged = whole.clone();
        damaged[(extent[0] + extent[1]) / 2] ^= 0x10;
        fs::write(&path, &damaged).unwrap();
        assert_refused(&replay(&plugins(), &[&path.to_string_lossy()]), &["damaged.ds"]);
    }
}

#[test]
fn what_is_no_plugin_is_refused_by_name() {
    let folder = PluginFolder::without(&[]);
    let folder = folder.path();
    let odd = folder.join("odd.so");
    fs::write(&odd, "no library\n").unwrap();
    assert_refused(&replay(folder, &[TRACE]), &["odd.so", "not a shared library"]);

    let whole = fs::read(built().join("libplugin_panicking.so")).unwrap();
    for length in [0, 100, 5000, whole.len() / 2, whole.len() - 1] {
        fs::write(&odd, &whole[..length]).unwrap();
        assert_refused(&replay(folder, &[TRACE]), &["odd.so"]);
    }

    // Any other library will do.
    let other = built().join("deps").read_dir().unwrap().flatten().map(|entry| entry.path());
    let other = other.filter(|path| path.extension().is_some_and(|extension| extension == "so"));
    let other = other.into_iter().find(|path| path.to_string_lossy().contains("sdk_derive"));
    fs::copy(other.expect("the derives are a library"), &odd).unwrap();
    assert_refused(&replay(folder, &[TRACE]), &["odd.so", "not a plugin"]);
}

#[test]
fn two_plugins_for_one_call_are_refused() {
    let folder = PluginFolder::without(&[]);
    let folder = folder.path();
    fs::copy(folder.join("libplugin_rmdir.so"), folder.join("libsecond.so")).unwrap();
    let words = ["libsecond.so", "another plugin is named `rmdir` too", "libplugin_rmdir.so"];
    assert_refused(&replay(folder, &[TRACE]), &words);
}

#[test]
fn a_folder_without_plugins_is_refused() {
    let scratch = TempDir::new().unwrap();
    let none = scratch.path().join("none");
    assert_refused(&replay(&none, &[TRACE]), &["plugin folder", "none", "No such file"]);
    assert_refused(&replay(scratch.path(), &[TRACE]), &["no plugins in"]);
}

#[test]
fn an_unknown_key_in_the_manifest_is_named_with_its_place() {
    let scratch = TempDir::new().unwrap();
    let manifest = scratch.path().join("plugin-manifest.toml");
    fs::write(&manifest, "version = 1\n[syscall.read]\nenabeld = false\n").unwrap();
    let output = replay(&plugins(), &["--manifest", &manifest.to_string_lossy(), TRACE]);
    assert_refused(&output, &["plugin-manifest.toml:3:1", "enabeld"]);
}

#[test]
fn a_name_that_nothing_has_is_refused() {
    assert_refused(&replay(&plugins(), &["--disable", "raed", TRACE]), &["raed", "--disable"]);
}

#[test]
fn a_plugin_that_panics_stops_the_replay_with_record_and_message() {
    let scratch = TempDir::new().unwrap();
    let folder = PluginFolder::without(&["read"]);
    folder.add("panicking");
    let folder = folder.path();
    fs::write(scratch.path().join("a"), "some text\n").unwrap();
    let trace = scratch.path().join("trace.ds");
    let mut recorder = Command::new(program("recorder"));
    recorder.arg("--plugins").arg(plugins()).arg("-X").arg(&trace);
    recorder.args(["dd", "if=a", "of=/dev/null", "status=none"]).current_dir(&scratch);
    assert!(recorder.status().unwrap().success());

    let output = replay(folder, &["-q", &trace.to_string_lossy()]);
    let told = told(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("is too much"), "the panic's message: {told}");
    assert!(told.contains("the plugin `panicking` panicked at record"), "{told}");
    assert!(told.contains("(read); without it: --disable panicking"), "the way on: {told}");
    let output = replay(folder, &["--disable", "panicking", &trace.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(0), "{}", self::told(&output));
}

#[test]
fn the_recorder_refuses_the_same_plugins() {
    let scratch = TempDir::new().unwrap();
    let folder = PluginFolder::without(&[]);
    let folder = folder.path();
    fs::write(folder.join("odd.so"), "no library\n").unwrap();
    let mut recorder = Command::new(program("recorder"));
    recorder.arg("--plugins").arg(folder).arg("-X").arg(scratch.path().join("trace.ds"));
    assert_refused(&recorder.arg("true").output().unwrap(), &["odd.so"]);
}

#[test]
fn a_trace_that_cannot_be_written_is_named() {
    let mut recorder = Command::new(program("recorder"));
    recorder.arg("--plugins").arg(plugins()).args(["-X", "/nonexistent/trace.ds", "true"]);
    assert_refused(&recorder.output().unwrap(), &["/nonexistent/trace.ds", "No such file"]);
}

#[test]
fn nothing_is_written_over_what_is_read() {
    let scratch = TempDir::new().unwrap();
    let path = |name: &str| scratch.path().join(name).to_string_lossy().into_owned();
    fs::copy(TRACE, path("trace.ds")).unwrap();
    fs::hard_link(path("trace.ds"), path("same.ds")).unwrap();
    for option in ["--record", "--log"] {
        let words = [option, &path("same.ds"), &path("trace.ds")];
        assert_refused(&replay(&plugins(), &words), &[option, "would be lost"]);
    }
    assert_eq!(fs::read(path("trace.ds")).unwrap(), fs::read(TRACE).unwrap());

    fs::write(path("log"), "close(9) = -1 EBADF (Bad file descriptor)\n").unwrap();
    let mut strace2ds = Command::new(program("strace2ds"));
    strace2ds.arg("--plugins").arg(plugins()).args(["-o", &path("log"), &path("log")]);
    assert_refused(&strace2ds.output().unwrap(), &["-o", "would be lost"]);
    assert!(fs::read_to_string(path("log")).unwrap().starts_with("close"));
}

#[test]
fn a_program_says_its_own_name() {
    for name in ["recorder", "replayer", "strace2ds", "dstool"] {
        let version = Command::new(program(name)).arg("--version").output().unwrap();
        let version = String::from_utf8(version.stdout).unwrap();
        assert_eq!(version.split(' ').next(), Some(name), "{version}");
    }
    for command in ["prepare", "compare", "plugins"] {
        let help = Command::new(program("replayer")).args([command, "--help"]).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(help.contains(&format!("Usage: replayer {command}")), "{help}");
        let all = Command::new(program("replayer")).arg("--help").output().unwrap();
        let all = String::from_utf8(all.stdout).unwrap();
        assert!(all.contains(&format!("`replayer {command}`")), "{all}");
    }
}
