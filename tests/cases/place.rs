//! Where a replay takes place.

use std::fs;
use std::path::Path;

use replay_tests::case::{Case, told};

fn make(folder: &Path) {
    fs::write(folder.join("a"), "some text\n").unwrap();
}

#[test]
fn beneath_a_root_nothing_else_is_touched() {
    let case = Case::new(make);
    let folder = case.folder();
    let outside = folder.join("b").to_string_lossy().into_owned();
    let words = ["sh", "-c", &format!("cat a > {outside}; mkdir {}/d", folder.display())];
    case.record_all(&words);
    case.reset();

    let root = tempfile::tempdir().unwrap();
    let below = root.path().join(folder.strip_prefix("/").unwrap());
    fs::create_dir_all(&below).unwrap();
    make(&below);
    let replay = case.replay(&["--root", &root.path().to_string_lossy()]);
    assert_eq!(fs::read(below.join("b")).unwrap(), b"some text\n", "{}", told(&replay));
    assert!(below.join("d").is_dir());
    assert!(
        !folder.join("b").exists() && !folder.join("d").exists(),
        "the real folder is as it was"
    );
}

#[test]
fn a_root_cannot_be_left() {
    let case = Case::new(make);
    case.record_all(&["sh", "-c", "cd /; cat a ../../../../../../a 2>/dev/null; :"]);
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join(case.folder().strip_prefix("/").unwrap())).unwrap();
    fs::write(root.path().join("a"), "inside\n").unwrap();
    // In the real root there is no such file; what the replay finds is the one beneath its root.
    let replay = case.replay(&["--warn", "--root", &root.path().to_string_lossy()]);
    let text = told(&replay);
    let found =
        text.lines().filter(|line| line.contains("/a\"") && line.contains("expected ENOENT"));
    assert!(found.count() >= 1, "{text}");
}

#[test]
fn a_working_directory_that_is_not_there_is_named_with_the_way_out() {
    let case = Case::new(make);
    case.record_all(&["cat", "a"]);
    fs::remove_dir_all(case.folder()).unwrap();
    let replay = case.replay(&["-q"]);
    assert_eq!(replay.status.code(), Some(2));
    let told = told(&replay);
    assert!(told.contains("was recorded in") && told.contains("--cwd DIR"), "{told}");

    let other = tempfile::tempdir().unwrap();
    make(other.path());
    let replay = case.replay(&["-q", "--verify", "--cwd", &other.path().to_string_lossy()]);
    assert_eq!(replay.status.code(), Some(0), "{}", self::told(&replay));
}
