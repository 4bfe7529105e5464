//! What must diverge does: with the record, the column, what was expected and what came.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use dataseries::Value;
use replay_tests::case::{Case, told};
use replay_tests::trace::{Cell, Changes, Trace};

/// `cat a` recorded.
fn cat() -> Case {
    let case = Case::new(|folder| fs::write(folder.join("a"), "some text\n").unwrap());
    case.record_all(&["cat", "a"]);
    case
}

/// A line of `text` that has all of `words`.
#[track_caller]
fn assert_line(text: &str, words: &[&str]) {
    let found = text.lines().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(found, "no line has {words:?}:\n{text}");
}

#[test]
fn an_unchanged_tree_is_faithful() {
    let replay = cat().replay(&["--verify"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert_line(&told(&replay), &["faithful"]);
}

#[test]
fn a_wrong_byte_diverges_where_data_is_verified() {
    let case = Case::new(|folder| fs::write(folder.join("a"), "some text\n").unwrap());
    // dd reads; cat may have the kernel copy.
    case.record_all(&["dd", "if=a", "of=/dev/null", "status=none"]);
    fs::write(case.folder().join("a"), "some test\n").unwrap();
    let replay = case.replay(&["--verify"]);
    assert_eq!(replay.status.code(), Some(1), "{}", told(&replay));
    let got = "got \"st\\n\" at byte 7 of 10";
    assert_line(&told(&replay), &["record ", "read(", "data_read: expected \"xt\\n\"", got]);
    assert_line(&told(&replay), &["diverged: 1 call"]);
    assert_eq!(case.replay(&[]).status.code(), Some(0), "without --verify data isn't looked at");
}

/// Long values are compared by digests, and shown as short ones are.
#[test]
fn a_wrong_bit_in_a_long_value_diverges_too() {
    let mut text = vec![b'x'; 3 * 4096 + 100];
    let case = Case::new(|folder| fs::write(folder.join("a"), &text).unwrap());
    case.record_all(&["dd", "if=a", "of=/dev/null", "status=none", "bs=4096"]);
    let replay = case.replay(&["--verify"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    for at in [0, 2 * 4096 + 4095, 3 * 4096 + 99] {
        text[at] ^= 1;
        fs::write(case.folder().join("a"), &text).unwrap();
        text[at] ^= 1;
        let replay = case.replay(&["--verify"]);
        assert_eq!(replay.status.code(), Some(1), "{}", told(&replay));
        let of = if at < 3 * 4096 { 4096 } else { 100 };
        let got = format!("at byte {} of {of}", at % 4096);
        assert_line(&told(&replay), &["read(", "data_read: expected \"x", "got \"y", &got]);
        assert_line(&told(&replay), &["diverged: 1 call"]);
    }
}

/// Each buffer has a row of its own.
#[test]
fn a_wrong_bit_in_the_second_of_several_long_buffers_diverges() {
    let mut text = vec![b'x'; 3 * 4096];
    let case = Case::new(|folder| fs::write(folder.join("a"), &text).unwrap());
    case.record_all(&[env!("CARGO_BIN_EXE_bare-loop"), "readv", "a", "1"]);
    assert_eq!(case.replay(&["--verify"]).status.code(), Some(0));
    text[4096 + 700] ^= 1;
    fs::write(case.folder().join("a"), &text).unwrap();
    let replay = case.replay(&["--verify"]);
    assert_eq!(replay.status.code(), Some(1), "{}", told(&replay));
    assert_line(&told(&replay), &["readv(", "of row 1: expected \"x", "at byte 700 of 4096"]);
}

/// The original recorder took down whole buffers, also what the kernel left of them as it was.
#[test]
fn what_is_behind_the_bytes_that_were_read_is_not_compared() {
    let case = Case::new(|folder| fs::write(folder.join("a"), vec![b'x'; 4096 + 600]).unwrap());
    case.record_all(&[env!("CARGO_BIN_EXE_bare-loop"), "readv", "a", "1"]);
    let trace = Trace::open(&case.trace());
    let (rows, column) = (trace.rows_of("readv"), "iov_data_read");
    let [_, _, at, _] = rows[..] else { panic!("there are {} rows", rows.len()) };
    assert!(matches!(trace.value(at, column), Value::Bytes(read) if read.len() == 600));
    let buffer = |value: u8, length: usize| {
        let whole = [vec![value; length], vec![b'?'; 4096 - length]].concat();
        Changes::from([(at, vec![(column.to_owned(), Cell::Bytes(whole))])])
    };
    trace.write(&case.trace(), &buffer(b'x', 600));
    let replay = case.replay(&["--verify"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    trace.write(&case.trace(), &buffer(b'x', 599));
    let replay = case.replay(&["--verify"]);
    assert_eq!(replay.status.code(), Some(1), "{}", told(&replay));
    assert_line(&told(&replay), &["readv(", "of row 1: expected \"?\" at byte 599 of 600"]);
}

#[test]
fn a_removed_file_diverges() {
    let case = cat();
    fs::remove_file(case.folder().join("a")).unwrap();
    let replay = case.replay(&[]);
    assert_eq!(replay.status.code(), Some(1), "{}", told(&replay));
    assert_line(&told(&replay), &["openat(", "\"a\"", "return_value: expected 3, got ENOENT"]);
}

#[test]
fn a_changed_mode_diverges_where_data_is_verified() {
    let case = cat();
    fs::set_permissions(case.folder().join("a"), Permissions::from_mode(0o640)).unwrap();
    let replay = case.replay(&["--verify"]);
    assert_eq!(replay.status.code(), Some(1), "{}", told(&replay));
    let expected = "stat_result_mode: expected 0100644, got 0100640";
    assert_line(&told(&replay), &["fstat", expected]);
}

#[test]
fn abort_stops_at_the_first_divergence_and_warn_tells_of_all() {
    let case = Case::new(|folder| {
        for name in 0..30 {
            fs::write(folder.join(name.to_string()), "").unwrap();
        }
    });
    case.record_all(&["sh", "-c", "for i in *; do : < $i; done"]);
    for name in 0..30 {
        fs::remove_file(case.folder().join(name.to_string())).unwrap();
    }
    let count = |words: &[&str]| {
        let replay = case.replay(words);
        assert_eq!(replay.status.code(), Some(1), "{}", told(&replay));
        told(&replay).lines().filter(|line| line.contains("got ENOENT")).count()
    };
    assert_eq!(count(&["--abort"]), 1);
    assert_eq!(count(&["--warn"]), 30);
    let some = count(&[]);
    assert!((1..30).contains(&some), "{some} are told without being asked for");
}

#[test]
fn a_disabled_call_takes_its_recorded_result_and_derails_nothing() {
    let case = cat();
    for call in ["openat", "read", "close", "mmap", "exit"] {
        let replay = case.replay(&["--verify", "--abort", "--disable", call]);
        assert_eq!(replay.status.code(), Some(0), "{call}: {}", told(&replay));
        if call != "read" {
            assert_line(&told(&replay), &["not made, switched off", call]);
        }
    }
    let only = case.replay(&["--only", "openat,close"]);
    assert_eq!(only.status.code(), Some(0), "{}", told(&only));
}

#[test]
fn patterns_are_written_in_place_of_the_data() {
    let make = |folder: &std::path::Path| fs::write(folder.join("a"), "some text\n").unwrap();
    let case = Case::new(make);
    case.record_all(&["dd", "if=a", "of=b", "status=none"]);
    for (pattern, expected) in [
        ("zeros", Some(&[0; 10][..])),
        ("byte:0x41", Some(b"AAAAAAAAAA")),
        ("string:ab", Some(b"ababababab")),
        ("random", None),
        ("urandom", None),
    ] {
        case.reset();
        let replay = case.replay(&["--pattern", pattern]);
        assert_eq!(replay.status.code(), Some(0), "{pattern}: {}", told(&replay));
        let written = fs::read(case.folder().join("b")).unwrap();
        assert_eq!(written.len(), 10, "{pattern}");
        match expected {
            Some(expected) => assert_eq!(written, expected, "{pattern}"),
            None => assert_ne!(written, b"some text\n", "{pattern}"),
        }
    }
}
