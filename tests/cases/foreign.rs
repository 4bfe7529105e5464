//! Traces by others, of other things, with columns in another form, or damaged: what can be used of them is, and what
//! can't is told.

use std::fs;

use dataseries::{Checks, File};
use replay_tests::case::{Case, told};
use replay_tests::forge::{Cell, Forge};
use replay_tests::tool::{dstool, ran, sample};
use replay_tests::trace::{Changes, Trace};

/// A file open on descriptor 3, truncated and closed, and a folder made.
fn forged(case: &Case) {
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    forge.call(
        1,
        "openat",
        Ok(3),
        &[
            ("descriptor", (-100).into()),
            ("given_pathname", "file".into()),
            ("open_value", i64::from(libc::O_RDWR).into()),
        ],
    );
    forge.call(1, "ftruncate", Ok(0), &[("descriptor", 3.into()), ("truncate_length", 1.into())]);
    forge.call(
        1,
        "mkdir",
        Ok(0),
        &[("given_pathname", "folder".into()), ("mode_value", 0o755.into())],
    );
    forge.call(1, "close", Ok(0), &[("descriptor", 3.into())]);
    forge.write(&case.trace());
}

fn case() -> Case {
    Case::new(|folder| fs::write(folder.join("file"), "some text").unwrap())
}

#[test]
fn a_descriptor_in_another_form_is_none_and_its_calls_are_not_made() {
    let case = case();
    forged(&case);
    let wider = |text: &str| match text.contains("Syscall::ftruncate\"") {
        true => text
            .replace("name=\"descriptor\" type=\"int32\"", "name=\"descriptor\" type=\"double\""),
        false => text.to_owned(),
    };
    Trace::open(&case.trace()).with_types(wider).write(&case.trace(), &Changes::new());

    let replay = case.replay(&["--verify"]);
    let text = told(&replay);
    assert!(text.contains("column descriptor of ftruncate is double in the trace"), "{text}");
    assert!(text.contains("not made, the trace lacks their data: 1 ftruncate"), "{text}");
    assert!(text.contains("3 of 4 calls made again"), "{text}");
    let forecast = told(&case.replay(&["--dry-run"]));
    assert!(forecast.contains("3 of 4 calls would be made"), "{forecast}");
}

#[test]
fn a_descriptor_that_is_not_there_is_none() {
    let case = case();
    forged(&case);
    let without = |text: &str| match text.contains("Syscall::ftruncate\"") {
        true => text.replace("name=\"descriptor\"", "name=\"file_descriptor\""),
        false => text.to_owned(),
    };
    Trace::open(&case.trace()).with_types(without).write(&case.trace(), &Changes::new());
    let text = told(&case.replay(&["--verify"]));
    assert!(text.contains("not made, the trace lacks their data: 1 ftruncate"), "{text}");
}

#[test]
fn a_damaged_extent_costs_its_rows_and_no_others() {
    let case = case();
    forged(&case);
    let mut bytes = fs::read(case.trace()).unwrap();
    let file = File::open(case.trace(), Checks::ALL).unwrap();
    let entry = file.entries().iter().find(|entry| entry.extent_type.name().ends_with(":mkdir"));
    let offset = entry.unwrap().offset as usize;
    let name = file.read(entry.unwrap()).unwrap().extent_type().name().len();
    bytes[offset + 28 + name + 4] ^= 0x10;
    fs::write(case.trace(), &bytes).unwrap();

    let refused = case.replay(&[]);
    assert_eq!(refused.status.code(), Some(2), "{}", told(&refused));
    assert!(told(&refused).contains("--recover replays what is whole"), "{}", told(&refused));

    let text = told(&case.replay(&["--recover", "--verify"]));
    assert!(text.contains(&format!("offset {offset}: ")), "{text}");
    assert!(text.contains("1 rows of IOTTAFSL::Trace::Syscall::mkdir are lost"), "{text}");
    assert!(text.contains("3 of 3 calls made again"), "{text}");
}

#[test]
fn a_file_of_something_else_says_what_it_holds() {
    let case = case();
    fs::copy(sample("nfs-2.set-0.ip.ds"), case.trace()).unwrap();
    let replay = case.replay(&[]);
    assert_eq!(replay.status.code(), Some(2), "{}", told(&replay));
    let words = "it holds no records of system calls, but rows of Trace::Network::IP";
    assert!(told(&replay).contains(words), "{}", told(&replay));
}

#[test]
fn more_bytes_than_numbers_count_are_as_many_as_they_do() {
    let case = case();
    let mut forge = Forge::new("/");
    for _ in 0..3 {
        forge.call(
            1,
            "read",
            Ok(i64::MAX),
            &[("descriptor", 3.into()), ("data_read", Cell::Bytes(b""))],
        );
    }
    forge.write(&case.trace());
    let output = ran(dstool(&["stats", "--json"]).arg(case.trace()));
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(&format!("\"bytes\":{}", u64::MAX)), "{text}");
}
