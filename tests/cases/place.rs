//! Where a replay takes place.

#[path = "place/asked.rs"]
mod asked;
#[path = "place/ends.rs"]
mod ends;
#[path = "place/hostile.rs"]
mod hostile;
#[path = "place/rights.rs"]
mod rights;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use replay_tests::case::{Case, told};
use replay_tests::tree::Tree;

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
fn pipes_that_a_shell_names_for_a_program_are_opened_beneath_a_root_too() {
    let case = Case::new(make);
    let script = "tee >(wc -l > lines) < a > b; wait $!; cat <(cat b) > c";
    case.record_all(&["bash", "-c", script]);
    let recorded = case.tree();
    case.reset();
    let root = tempfile::tempdir().unwrap();
    let below = root.path().join(case.folder().strip_prefix("/").unwrap());
    fs::create_dir_all(&below).unwrap();
    make(&below);
    let replay = case.replay(&["--root", &root.path().to_string_lossy()]);
    let told = told(&replay);
    assert!(!told.contains("waited for what didn't come"), "{told}");
    assert_eq!(recorded.differences(&Tree::of(&below)), Vec::<String>::new(), "{told}");
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

/// Folders, and links between them, of which a copy is made by paths in the folder.
fn make_links(folder: &Path) {
    fs::create_dir_all(folder.join("sub/deep")).unwrap();
    fs::write(folder.join("sub/deep/file"), "some text\n").unwrap();
    symlink("../sub/deep", folder.join("sub/link")).unwrap();
    symlink("sub", folder.join("other")).unwrap();
}

#[test]
fn mapped_folders_are_found_beneath_a_root() {
    let case = Case::new(make_links);
    let folder = case.folder().to_string_lossy().into_owned();
    let script = format!(
        "cp -a {folder}/other/ {folder}/copy && mv {folder}/copy/link/file {folder}/moved && \
         cat {folder}/copy/../moved > {folder}/other/link/new && cd {folder}/sub/link && ln -s new last && \
         cp last ../../through && rm -r {folder}/copy/deep"
    );
    case.record_all(&["sh", "-c", &script]);
    let recorded = case.tree();
    case.reset();

    // The folder stands for another one, beneath a root where nothing is called as it was.
    let root = tempfile::tempdir().unwrap();
    let inside = root.path().join("data/set");
    fs::create_dir_all(&inside).unwrap();
    make_links(&inside);
    let map = format!("{folder}=/data/set");
    // The programs' own libraries aren't there, which is another matter.
    let replay =
        case.replay(&["--verify", "--root", &root.path().to_string_lossy(), "--map", &map]);
    let told = told(&replay);
    assert!(
        !told.lines().any(|line| line.contains("expected") && line.contains(&folder)),
        "{told}"
    );
    assert_eq!(recorded.differences(&Tree::of(&inside)), Vec::<String>::new());
    assert!(!case.tree().has("copy") && !case.tree().has("moved"), "the real folder is as it was");
}

#[test]
fn a_place_that_is_not_to_be_had_is_refused_with_the_way_out() {
    let case = Case::new(make);
    case.record_all(&["cat", "a"]);
    let empty = tempfile::tempdir().unwrap();
    let root = empty.path().to_string_lossy().into_owned();
    let file = case.trace().to_string_lossy().into_owned();
    let full = format!("mkdir -p {root}{}", case.folder().display());
    for (words, expected) in [
        (&["--root", &root][..], &["beneath", &full][..]),
        (&["--root", "/nonexistent"], &["/nonexistent", "ENOENT"]),
        (&["--root", &file], &["trace.ds", "ENOTDIR"]),
        (&["--root", "/"], &["the whole machine"]),
        (&["--root", &root, "--cwd", "/none"], &["--cwd /none", "ENOENT", "beneath"]),
    ] {
        let replay = case.replay(words);
        let told = told(&replay);
        assert_eq!(replay.status.code(), Some(2), "{words:?}: {told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(expected.iter().all(|word| told.contains(word)), "{words:?}: {told}");
    }
}
