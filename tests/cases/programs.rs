//! Real programs: recorded in a scratch folder, the folder reset, replayed with every check, and what is
//! there afterwards compared with what the program left.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use replay_tests::built::program;
use replay_tests::case::faithful;

/// A file, a folder with files of several sizes, and links of both kinds.
fn some_files(folder: &Path) {
    fs::write(folder.join("a"), "some text\n".repeat(20_000)).unwrap();
    fs::create_dir_all(folder.join("d/e")).unwrap();
    fs::write(folder.join("d/empty"), "").unwrap();
    fs::write(folder.join("d/e/small"), "small\n").unwrap();
    fs::set_permissions(folder.join("d/e/small"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::hard_link(folder.join("d/e/small"), folder.join("d/second")).unwrap();
    symlink("e/small", folder.join("d/link")).unwrap();
}

fn nothing(_: &Path) {}

#[test]
fn cp_copies_a_file() {
    let tree = faithful(some_files, &["cp", "a", "b"]);
    assert_eq!(tree.entry("a").content, tree.entry("b").content);
}

#[test]
fn cp_copies_a_tree_with_modes_links_and_times() {
    let tree = faithful(some_files, &["cp", "-a", "d", "copy"]);
    let (old, new) = (tree.entry("d/e/small"), tree.entry("copy/e/small"));
    assert_eq!((new.mode, new.links), (0o640, 2));
    assert_eq!(old.modified, new.modified, "cp -a sets the time");
}

#[test]
fn mv_renames() {
    let tree = faithful(some_files, &["mv", "a", "d/moved"]);
    assert!(!tree.has("a") && tree.has("d/moved"));
}

#[test]
fn rm_removes_a_tree() {
    let tree = faithful(some_files, &["rm", "-r", "d"]);
    assert!(!tree.has("d"));
}

#[test]
fn ls_lists_a_tree() {
    faithful(some_files, &["ls", "-lR"]);
}

#[test]
fn mkdir_makes_folders_with_a_mode() {
    let tree = faithful(nothing, &["mkdir", "-p", "-m", "750", "x/y/z"]);
    assert_eq!(tree.entry("x/y/z").mode, 0o750);
}

#[test]
fn rmdir_removes_an_empty_folder_and_no_other() {
    let make = |folder: &Path| fs::create_dir_all(folder.join("x/y")).unwrap();
    let tree = faithful(make, &["sh", "-c", "rmdir x 2>/dev/null; rmdir x/y"]);
    assert!(tree.has("x") && !tree.has("x/y"));
}

#[test]
fn ln_links_hard_and_soft() {
    let tree = faithful(some_files, &["sh", "-c", "ln a hard; ln -s a soft; ln -sf d soft"]);
    assert_eq!(tree.entry("hard").links, 2);
    assert_eq!(tree.entry("soft").content, b"d");
}

#[test]
fn touch_makes_files_and_sets_times() {
    let script = "touch new; touch -d '2001-02-03 04:05:06.123456789 UTC' a; touch -r a d/empty";
    let tree = faithful(some_files, &["sh", "-c", script]);
    assert_eq!(tree.entry("a").modified, 981_173_106_123_456_789);
    assert_eq!(tree.entry("d/empty").modified, 981_173_106_123_456_789);
    assert!(tree.has("new"));
}

#[test]
fn cat_reads() {
    faithful(some_files, &["sh", "-c", "cat a d/e/small d/link > all"]);
}

#[test]
fn dd_copies_blocks() {
    let script = "dd if=a of=b bs=4096 count=10 seek=3 status=none; \
                  dd if=b of=a bs=100 skip=7 count=9 conv=notrunc status=none";
    let tree = faithful(some_files, &["sh", "-c", script]);
    assert_eq!(tree.entry("b").size, 13 * 4096);
}

#[test]
fn tar_packs() {
    let tree = faithful(some_files, &["tar", "cf", "d.tar", "d"]);
    assert!(tree.entry("d.tar").size > 0);
}

#[test]
fn tar_unpacks_with_times() {
    let make = |folder: &Path| {
        some_files(folder);
        let script = "touch -d '2001-02-03 04:05:06.5 UTC' d/e/small && tar cf d.tar d && rm -r d";
        let made =
            std::process::Command::new("sh").args(["-c", script]).current_dir(folder).status();
        assert!(made.expect("there is a shell").success());
    };
    let tree = faithful(make, &["tar", "xpf", "d.tar"]);
    assert_eq!(tree.entry("d/e/small").modified, 981_173_106_000_000_000);
    assert_eq!(tree.entry("d/second").links, 2);
}

#[test]
fn sort_takes_from_a_pipe() {
    let make = |folder: &Path| {
        let lines: String = (0..20_000).map(|n: u64| format!("{}\n", n * 7919 % 20_011)).collect();
        fs::write(folder.join("lines"), lines).unwrap();
    };
    let tree = faithful(make, &["sh", "-c", "cat lines | sort -n -o sorted"]);
    assert!(tree.entry("sorted").content.starts_with(b"0\n1\n2\n"));
}

#[test]
fn a_shell_pipeline_moves_more_than_a_pipe_holds() {
    let script = "cat a a a a a | tr a-z A-Z | sort | uniq -c > counted; \
                  (echo begin; tail -n 3 a; echo end) | tee out | wc -l > lines";
    let tree = faithful(some_files, &["sh", "-c", script]);
    assert_eq!(tree.entry("counted").content, b" 100000 SOME TEXT\n");
    assert_eq!(tree.entry("lines").content, b"5\n");
}

#[test]
fn local_sockets_carry_data_and_descriptors() {
    let program = program("local-sockets");
    let tree = faithful(nothing, &[&program.to_string_lossy()]);
    assert!(tree.entry("received").content.ends_with(b"line 19999\n"));
    assert!(tree.entry("passed").content.ends_with(b" bytes\n"));
    assert_eq!(tree.entry("pair").content, b"through the pair\nfirstsecond");
    assert_eq!(tree.entry("socket").kind, 's');
}

#[test]
fn asynchronous_requests_are_submitted_again() {
    let program = program("async-io");
    let tree = faithful(nothing, &[&program.to_string_lossy()]);
    let blocks = tree.entry("blocks");
    assert_eq!(blocks.size, 4196);
    assert!(blocks.content.ends_with(&[b'b'; 100]));
}
