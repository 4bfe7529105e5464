//! The process model on replay: what tasks have in common and what they have for themselves, as it shows in the
//! files that the family of processes leaves.

use std::sync::OnceLock;

use replay_tests::case::told;
use replay_tests::families::Family;
use replay_tests::families::recorded::Recorded;
use replay_tests::tree::Tree;

/// The tree that a replay leaves.
fn replayed() -> &'static Tree {
    static TREE: OnceLock<Tree> = OnceLock::new();
    TREE.get_or_init(|| {
        let recorded = Recorded::new(Family::named("processes").expect("it is a family"));
        recorded.case.reset();
        let replay = recorded.case.replay(&["--verify", "--warn"]);
        assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
        recorded.case.tree()
    })
}

#[track_caller]
fn assert_content(path: &str, content: &str) {
    assert_eq!(String::from_utf8_lossy(&replayed().entry(path).content), content, "{path}");
}

#[test]
fn a_child_writes_through_what_it_inherited_and_its_folder_is_its_own() {
    assert_content("log", "child\nparent\n");
}

#[test]
fn working_directory_and_umask_are_shared_with_clone_fs_and_else_not() {
    // Each child changed to the folder of its flags and set its umask; then the parent made a file.
    let tree = replayed();
    assert_eq!(tree.entry("where").mode, 0o644, "neither shared");
    assert_eq!(tree.entry("2/where").mode, 0o606, "CLONE_FS");
    assert_eq!(tree.entry("3/where").mode, 0o606, "CLONE_FS and CLONE_FILES");
    assert!(!tree.has("0/where") && !tree.has("1/where"));
}

#[test]
fn a_thread_that_ends_leaves_the_descriptors_open() {
    assert_content("by-threads", "before exit\nafter it\n");
}

#[test]
fn a_thread_that_unshares_has_a_folder_and_umask_of_its_own() {
    let tree = replayed();
    assert_eq!(tree.entry("of-thread/in-it").mode, 0o600);
    assert_eq!(tree.entry("not-in-it").mode, 0o644);
}

#[test]
fn a_new_program_keeps_the_descriptors_that_are_not_marked() {
    assert_content("across", "first Ok(\"1\")\nsecond Ok(\"1\")\n");
}
