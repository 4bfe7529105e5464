//! What a program has before its first call: a replay starts with the same.

use std::fs;
use std::process::Command;

use replay_tests::case::{Case, told};

/// Runs `command` with descriptor 7 open on the file `in`, 8 to append to `out`.
fn with_descriptors(command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec 7<in 8>>out; exec \"$@\"", "sh"]).arg(command.get_program());
    shell.args(command.get_args());
    shell
}

#[test]
fn files_that_were_open_are_opened_again_where_they_stood() {
    let case = Case::new(|folder| {
        fs::write(folder.join("in"), "one\ntwo\nthree\n").unwrap();
        fs::write(folder.join("out"), "before\n").unwrap();
    });
    let script = "read a <&7; read b <&7; echo $b $a >&8; exec 7<&-; read c <&7 || echo no >&8";
    let recorder = case.recorder(&["sh", "-c", script]);
    let recorded = with_descriptors(&recorder).current_dir(case.folder()).output().unwrap();
    assert!(recorded.status.success(), "{}", told(&recorded));
    let tree = case.tree();
    assert_eq!(tree.entry("out").content, b"before\ntwo one\nno\n");

    case.reset();
    let replay = case.replay(&["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert_eq!(tree.differences(&case.tree()), Vec::<String>::new());
}

#[test]
fn the_umask_and_the_folder_are_the_programs() {
    let case = Case::new(|folder| fs::create_dir(folder.join("d")).unwrap());
    let mut shell = Command::new("sh");
    let recorder = case.recorder(&["touch", "made"]);
    shell.args(["-c", "umask 027; cd d; exec \"$@\"", "sh"]).arg(recorder.get_program());
    let recorded = shell.args(recorder.get_args()).current_dir(case.folder()).output().unwrap();
    assert!(recorded.status.success(), "{}", told(&recorded));
    case.reset();
    let replay = case.replay(&["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert_eq!(case.tree().entry("d/made").mode, 0o640);
}
