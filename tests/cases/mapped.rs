//! What programs store through shared mappings of files comes back in a replay.

use std::fs;
use std::path::Path;

use replay_tests::built::program;
use replay_tests::case::{BACKENDS, Case, faithful_with, told};
use replay_tests::rows::info;
use replay_tests::strace::{Row, kind, rows};
use replay_tests::tree::Tree;

/// What `mapper` leaves, and its replay too, recorded by `backend`.
#[track_caller]
fn mapper_with(backend: &'static str, way: &str) -> Tree {
    let program = program("mapper");
    faithful_with(backend, |_: &Path| {}, &[&program.to_string_lossy(), way])
}

/// What `mapper` leaves, and its replay too, by whichever backend it was recorded.
#[track_caller]
fn mapper(way: &str) -> Tree {
    if cfg!(target_arch = "x86_64") {
        mapper_with("agent", way);
    }
    mapper_with("ptrace", way)
}

fn starts(tree: &Tree, name: &str, offset: usize, bytes: &[u8]) -> bool {
    tree.entry(name).content[offset..].starts_with(bytes)
}

#[test]
fn parts_of_pages_and_of_the_last_page() {
    let tree = mapper("partial");
    assert!(starts(&tree, "partial", 4096 + 16, b".synced."));
    assert!(tree.entry("partial").content.ends_with(b"at the end"));
    assert_eq!(tree.entry("partial").size, 5 * 4096 + 100);
}

#[test]
fn what_can_be_read_through_mappings_is_recorded_once_if_it_is_wanted() {
    let text: Vec<u8> = (0..300_000u32).map(|n| (n % 251) as u8).collect();
    let mapper = program("mapper").to_string_lossy().into_owned();
    for backend in BACKENDS {
        let case = Case::new(|folder| fs::write(folder.join("text"), &text).unwrap());
        let case = case.with_backend(backend);
        let mut recorder = case.recorder_with(&["--mmap-content"], &[&mapper, "read"]);
        let output = recorder.output().unwrap();
        assert_eq!((output.status.code(), told(&output)), (Some(0), String::new()));
        let rows = rows(&case.trace());
        let is_text =
            |row: &Row| row["given_pathname"].as_str().is_some_and(|p| p.starts_with("text"));
        let is_opened = |row: &Row| kind(row) == "openat" && is_text(row);
        let opened = rows.iter().position(is_opened).expect("it was opened");
        let number = |row: &Row, column: &str| row[column].as_i64().unwrap();
        let found = rows[opened..].iter().filter(|row| kind(row) == "mmappread");
        let found = found.map(|row| (number(row, "offset"), number(row, "bytes_requested")));
        // First three pages in the middle are mapped, then all, then all again.
        let expected = [(40_960, 12_288), (0, 40_960), (53_248, 300_000 - 53_248)];
        assert_eq!(found.collect::<Vec<_>>(), expected, "{backend}");
        let replay = case.replay(&["--verify", "--abort"]);
        assert_eq!(replay.status.code(), Some(0), "{backend}: {}", told(&replay));
        fs::write(case.folder().join("text"), vec![b'x'; text.len()]).unwrap();
        let replay = case.replay(&["--verify"]);
        assert_eq!(replay.status.code(), Some(1), "{backend}: other content is noticed");
    }
}

#[test]
fn calls_on_other_files_do_not_stop_for_it() {
    let tree = mapper("beside");
    assert!(starts(&tree, "beside", 0, b"once"));
    if cfg!(target_arch = "x86_64") {
        let case = Case::new(|_| {}).with_backend("agent");
        case.record_all(&[&program("mapper").to_string_lossy(), "beside"]);
        let info = info(&case.trace());
        let number = |key: &str| info[key].parse::<u64>().unwrap();
        assert!(number("calls") - number("calls_in_program") < 100, "{info:?}");
    }
}

#[test]
fn a_mapping_outlives_its_descriptor() {
    assert!(starts(&mapper("closed"), "closed", 4096, b"after the descriptor was closed"));
}

#[test]
fn a_child_stores_to_its_parents_mapping() {
    let tree = mapper("children");
    for name in ["children", "copy"] {
        assert!(starts(&tree, name, 0, b"parent."), "{name}");
        assert!(starts(&tree, name, 100, b"parent again"), "{name}");
        assert!(starts(&tree, name, 4096, b"child."), "{name}");
    }
}

#[test]
fn a_mapping_that_grows_is_followed() {
    assert!(starts(&mapper("grown"), "grown", 3 * 4096 + 5, b"long\0"));
}

#[test]
fn what_a_killed_process_stored_is_there() {
    assert!(starts(&mapper("killed"), "killed", 2 * 4096, b"and then it was killed"));
}

#[test]
fn stores_and_writes_take_turns() {
    let tree = mapper("between");
    assert_eq!(tree.entry("read").content, b"first...");
    assert!(starts(&tree, "between", 0, b"first.."));
    assert!(starts(&tree, "between", 4096, b"beside\0"));
}

#[test]
fn what_was_stored_before_another_program_is_there() {
    assert!(starts(&mapper("exec"), "exec", 6, b".before the other program."));
}
