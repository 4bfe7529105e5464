//! Whose rights a replay has: users and groups that a program took on, and replays by somebody else.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use replay_tests::built::program;
use replay_tests::case::{Case, told};
use replay_tests::tree::Tree;
use replay_tests::users::{NOBODY, as_nobody, give, is_root};

/// A program whose threads make files as different users.
fn masquerade() -> Case {
    let case = Case::new(|folder| {
        fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
    });
    let program = program("masquerade");
    let recorded = case
        .recorder(&[&program.to_string_lossy()])
        .env("PATH", "/usr/bin:/bin")
        .env_remove("LD_LIBRARY_PATH")
        .output();
    let recorded = recorded.unwrap();
    assert!(recorded.status.success(), "{}", told(&recorded));
    case
}

fn owners(tree: &Tree) -> BTreeSet<(u32, u32)> {
    tree.0.values().map(|entry| entry.owner).collect()
}

#[test]
fn files_made_as_other_users_belong_to_them_again() {
    if !is_root() {
        return;
    }
    let case = masquerade();
    let recorded = case.tree();
    assert_eq!(owners(&recorded).len(), 5, "{recorded:?}");
    for order in ["strict", "causal"] {
        case.reset();
        let replay = case.replay(&["--verify", "--abort", "--order", order]);
        assert_eq!(replay.status.code(), Some(0), "{order}: {}", told(&replay));
        assert_eq!(recorded.differences(&case.tree()), Vec::<String>::new(), "{order}");
    }

    // Beneath a root there are rights enough for that.
    let root = tempfile::tempdir().unwrap();
    let below = root.path().join(case.folder().strip_prefix("/").unwrap());
    fs::create_dir_all(&below).unwrap();
    fs::set_permissions(&below, Permissions::from_mode(0o777)).unwrap();
    let replay = case.replay(&["--root", &root.path().to_string_lossy()]);
    assert_eq!(recorded.differences(&Tree::of(&below)), Vec::<String>::new(), "{}", told(&replay));
}

/// A program that changes its user first, and its groups with a right that it kept (setpriv does).
#[test]
fn groups_are_taken_on_after_the_user() {
    if !is_root() {
        return;
    }
    let make = |folder: &Path| fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
    let case = Case::new(make);
    let user = NOBODY.to_string();
    let script = "id -G > groups; chgrp 7 groups";
    let words = [
        "setpriv", "--reuid", &user, "--regid", &user, "--groups", "7,8", "--", "sh", "-c", script,
    ];
    let recorded = case.record(&words);
    assert!(recorded.status.success(), "{}", told(&recorded));
    let recorded = case.tree();
    assert_eq!(owners(&recorded), BTreeSet::from([(NOBODY, 7)]));
    case.reset();
    let replay = case.replay(&["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert_eq!(recorded.differences(&case.tree()), Vec::<String>::new());
    let root = tempfile::tempdir().unwrap();
    let below = root.path().join(case.folder().strip_prefix("/").unwrap());
    fs::create_dir_all(&below).unwrap();
    make(&below);
    let replay = case.replay(&["--root", &root.path().to_string_lossy()]);
    assert_eq!(recorded.differences(&Tree::of(&below)), Vec::<String>::new(), "{}", told(&replay));
    assert!(!told(&replay).contains(" setgroups("), "{}", told(&replay));
}

#[test]
fn who_is_not_root_stays_who_they_are_and_owners_are_counted() {
    if !is_root() {
        return;
    }
    let case = masquerade();
    case.reset();
    give(&case.folder(), NOBODY);
    let replay = as_nobody(&case.replayer(&["--verify", "--abort"])).output().unwrap();
    let told = told(&replay);
    assert_eq!(replay.status.code(), Some(0), "{told}");
    assert_eq!(owners(&case.tree()), BTreeSet::from([(NOBODY, NOBODY)]));
    assert!(told.contains("the replayer runs as whoever started it"), "{told}");
}

fn make(folder: &Path) {
    fs::write(folder.join("a"), "some text\n").unwrap();
}

#[test]
fn ownership_that_only_root_gives_is_simulated_and_counted() {
    if !is_root() {
        return;
    }
    let case = Case::new(make);
    let script = "cp -a a b; chown 1234:1234 b; chmod 600 b; install -o 33 -g 33 -m 755 a c; mkfifo f; \
                  mknod device c 1 3; ln -s a l; chown -h 7 l; touch -d @0 b; cat b c > d; mv d e; rm a";
    let recorded = case
        .recorder(&["sh", "-ec", script])
        .env("PATH", "/usr/bin:/bin")
        .env_remove("LD_LIBRARY_PATH")
        .output()
        .unwrap();
    assert!(recorded.status.success(), "{}", told(&recorded));
    let tree = case.tree();
    case.reset();
    give(&case.folder(), NOBODY);
    let replay = as_nobody(&case.replayer(&["--verify", "--abort"])).output().unwrap();
    let told = told(&replay);
    assert_eq!(replay.status.code(), Some(0), "{told}");
    let line = told.lines().find(|line| line.contains("for want of rights that the program had"));
    let line = line.unwrap_or_else(|| panic!("{told}"));
    assert!(line.contains("fchownat") && line.contains("mknod"), "{line}");
    // All else is there.
    for name in ["b", "c", "e", "f", "l"] {
        let (recorded, replayed) = (tree.entry(name), case.tree().entry(name).clone());
        assert_eq!(recorded.content, replayed.content, "{name}");
        assert_eq!(recorded.mode, replayed.mode, "{name}");
    }
    assert!(!case.tree().has("device") && !case.tree().has("a"));
}

#[test]
fn a_right_that_the_program_had_not_either_diverges() {
    if !is_root() {
        return;
    }
    // What fails for other reasons than the replay's rights is no matter of them: here root is at work.
    let case = Case::new(make);
    case.record_all(&["chmod", "600", "a"]);
    fs::remove_file(case.folder().join("a")).unwrap();
    let replay = case.replay(&[]);
    assert_eq!(replay.status.code(), Some(1), "{}", told(&replay));
    assert!(!told(&replay).contains("for want of rights"), "{}", told(&replay));
}

#[test]
fn owners_that_an_ordinary_users_root_does_not_have_are_counted() {
    if !is_root() {
        return;
    }
    let case = Case::new(make);
    let above = case.trace().parent().unwrap().to_owned();
    fs::set_permissions(&above, Permissions::from_mode(0o777)).unwrap();
    fs::set_permissions(case.folder(), Permissions::from_mode(0o777)).unwrap();
    let script = ["sh", "-ec", "stat a > known; stat known > again"];
    let recorder = case.recorder_with(&["--snapshot", "full"], &script);
    let recorded = as_nobody(&recorder).output().unwrap();
    assert!(recorded.status.success(), "{}", told(&recorded));
    assert_eq!(case.tree().entry("known").owner, (NOBODY, NOBODY));

    let root = above.join("root");
    let trace = case.trace();
    let mut prepare = Command::new(program("replayer"));
    prepare.arg("prepare").arg("--root").arg(&root).arg(&trace);
    assert!(prepare.status().unwrap().success());
    let replayer = case.replayer(&["--verify", "--root", &root.to_string_lossy()]);
    let replay = as_nobody(&replayer).output().unwrap();
    let told = told(&replay);
    assert_eq!(replay.status.code(), Some(0), "{told}");
    assert!(told.contains("owners of files are others, or don't exist"), "{told}");
}
