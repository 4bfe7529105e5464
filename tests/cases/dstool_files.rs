//! The files that `dstool` makes, and what it says of damaged ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use replay_tests::built::plugins;
use replay_tests::tool::{dstool, piped, prints, ran, sample, trace};
use tempfile::TempDir;

/// What dstool does with `input` to make `output`.
fn makes(words: &[&str], inputs: &[&Path], output: &Path) -> Output {
    ran(dstool(words).args(inputs).arg("-o").arg(output))
}

#[track_caller]
fn made(words: &[&str], inputs: &[&Path], output: &Path) {
    let result = makes(words, inputs, output);
    assert_eq!(result.status.code(), Some(0), "{words:?}: {}", told(&result));
    let check = ran(dstool(&["check"]).arg(output));
    assert_eq!(
        check.status.code(),
        Some(0),
        "{words:?}: {}",
        String::from_utf8_lossy(&check.stdout)
    );
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn scratch() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("out.ds");
    (folder, path)
}

fn rows(file: &Path) -> String {
    prints(&["cat", "--json", "--exact"], file)
}

#[test]
fn a_folder_is_no_file_to_look_at() {
    let folder = TempDir::new().unwrap();
    for words in [&["check"][..], &["info"], &["stats"]] {
        let output = ran(dstool(words).arg(folder.path()));
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", told(&output));
        assert!(told(&output).contains("Is a directory"), "{words:?}: {}", told(&output));
    }
}

#[test]
fn damaged_samples_are_recovered_to_the_last_byte() {
    let (folder, out) = scratch();
    for (damaged, expected) in [
        ("recovery/corrupt-two-extents.ds", "recovery/recovered-two-extents.ds"),
        ("recovery/corrupt-stomp-end.ds", "nfs-2.set-0.ip.ds"),
    ] {
        for words in [&["recover"][..], &["recover", "--resync"]] {
            let output = makes(words, &[&sample(damaged)], &out);
            assert_eq!(output.status.code(), Some(1), "{damaged}: {}", told(&output));
            assert!(told(&output).contains("lost: "), "{}", told(&output));
            assert!(fs::read(&out).unwrap() == fs::read(sample(expected)).unwrap(), "{damaged}");
        }
    }
    fs::remove_file(&out).unwrap();
    let output = makes(&["recover"], &[&sample("recovery/corrupt-stomp-beginning.ds")], &out);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("offset 40"), "{}", told(&output));
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "nothing is left of a failure");
}

/// A damaged length hides everything behind it from the original's search, but not from ours.
#[test]
fn resync_finds_extents_behind_a_damaged_length() {
    let (folder, out) = scratch();
    let damaged = folder.path().join("damaged.ds");
    let mut bytes = fs::read(sample("nfs-2.set-0.ip.ds")).unwrap();
    bytes[9160] ^= 0x04;
    fs::write(&damaged, bytes).unwrap();
    let extents = |words: &[&str]| {
        let output = makes(words, &[&damaged], &out);
        assert_eq!(output.status.code(), Some(1), "{}", told(&output));
        let info = prints(&["info", "--json"], &out);
        serde_json::from_str::<serde_json::Value>(&info).unwrap()["total"]["extents"]
            .as_u64()
            .unwrap()
    };
    assert!(extents(&["recover"]) < 10);
    assert_eq!(extents(&["recover", "--resync"]), 10, "one of eleven is lost");
}

#[test]
fn a_file_is_recovered_from_wherever_its_writer_was_killed() {
    let (folder, out) = scratch();
    let (cut, whole) = (folder.path().join("cut.ds"), fs::read(trace("touch.ds")).unwrap());
    let all = rows(&trace("touch.ds")).lines().count();
    let mut before = 0;
    for length in (191_000..whole.len()).step_by(997) {
        fs::write(&cut, &whole[..length]).unwrap();
        let output = makes(&["recover", "-q"], &[&cut], &out);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{length}: {}", told(&output));
        let rows = rows(&out).lines().count();
        assert!((before..=all).contains(&rows), "{length}");
        before = rows;
        // Everything else reads as much of it, and says so.
        let cat = ran(dstool(&["cat", "--json"]).arg(&cut));
        assert_eq!(String::from_utf8_lossy(&cat.stdout).lines().count(), rows, "{length}");
        assert_eq!(cat.status.code(), Some(1), "{length}");
        assert!(told(&cat).contains("cut.ds: no good end"), "{}", told(&cat));
    }
    assert!(before > all / 2);
}

#[test]
fn check_lists_all_damage_and_goes_on_to_the_next_file() {
    let files = ["recovery/corrupt-two-extents.ds", "nfs-2.set-0.ip.ds"].map(sample);
    let output = ran(dstool(&["check"]).args(&files));
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for words in [
        "damaged: 2 problems",
        "offset 544",
        "offset 59756",
        "2,047 rows",
        "ip.ds: good: 19,685 rows",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let output = ran(dstool(&["check"]).arg("/nonexistent.ds"));
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    let output = ran(dstool(&["check"]).arg(trace("touch.cmd")));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("not a DataSeries file"));
}

#[test]
fn every_changed_byte_is_found() {
    let (_folder, path) = scratch();
    let whole = fs::read(trace("touch.ds")).unwrap();
    for at in (40..whole.len()).step_by(10_007).chain(whole.len() - 28..whole.len()) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x11;
        fs::write(&path, damaged).unwrap();
        let output = ran(dstool(&["check"]).arg(&path));
        assert_eq!(output.status.code(), Some(1), "byte {at}");
    }
}

#[test]
fn repacked_rows_are_the_same_with_every_codec() {
    let (_folder, out) = scratch();
    let expected = rows(&trace("pipe.ds"));
    for codec in ["none", "lzo", "gz", "bz2", "lzf", "snappy", "lz4", "lz4hc", "lz4,zlib", "all"] {
        made(&["repack", "--codec", codec], &[&trace("pipe.ds")], &out);
        assert!(rows(&out) == expected, "{codec}");
    }
    for words in [
        &["repack", "--extent-size", "2k"][..],
        &["repack", "--extent-size", "16M", "--codec", "lz4"],
        &["repack", "--byte-order", "big"],
    ] {
        made(words, &[&trace("pipe.ds")], &out);
        assert!(rows(&out) == expected, "{words:?}");
    }
}

#[test]
fn repacking_gives_the_same_bytes_on_any_number_of_threads() {
    let (folder, one) = scratch();
    let other = folder.path().join("other.ds");
    made(&["repack", "--threads", "1"], &[&trace("sqlite.ds")], &one);
    for threads in ["2", "5"] {
        made(&["repack", "--threads", threads], &[&trace("sqlite.ds")], &other);
        assert!(fs::read(&one).unwrap() == fs::read(&other).unwrap(), "{threads}");
    }
}

#[test]
fn repack_keeps_only_the_types_that_are_wanted() {
    let (_folder, out) = scratch();
    made(&["repack", "-t", "read,write", "--codec", "lz4"], &[&trace("pipe.ds")], &out);
    assert_eq!(
        rows(&out),
        prints(&["cat", "--json", "--exact", "-t", "read,write"], &trace("pipe.ds"))
    );
    assert!(prints(&["info"], &out).contains("2 types described"));
}

#[test]
fn files_go_through_pipes() {
    let bytes = fs::read(trace("lslr.ds")).unwrap();
    let repacked = piped(&["repack", "--codec", "lz4", "-o", "-", "-"], &bytes);
    assert_eq!(repacked.status.code(), Some(0), "{}", told(&repacked));
    assert_eq!(piped(&["check", "-"], &repacked.stdout).status.code(), Some(0));
    let words = ["cat", "--json", "-t", "read", "-c", "unique_id", "-"];
    let (a, b) = (piped(&words, &repacked.stdout), piped(&words, &bytes));
    assert!(a.stdout == b.stdout && a.stdout.len() > 100);
    let cut = piped(&words, &bytes[..bytes.len() - 1000]);
    assert_eq!(cut.status.code(), Some(1), "{}", told(&cut));
    let none = piped(&["cat", "-"], b"nothing of the kind");
    assert_eq!(none.status.code(), Some(2));
    assert!(told(&none).contains("standard input: not a DataSeries file"), "{}", told(&none));
}

#[test]
fn traces_are_merged_with_their_ids_apart() {
    let (_folder, out) = scratch();
    let inputs = [trace("lslr.ds"), trace("touch.ds")];
    let inputs: Vec<&Path> = inputs.iter().map(AsRef::as_ref).collect();
    let refused = makes(&["merge"], &inputs, &out);
    assert_eq!(refused.status.code(), Some(2));
    assert!(told(&refused).contains("--ids shift"), "{}", told(&refused));
    assert!(!out.exists());
    made(&["merge", "--ids", "shift"], &inputs, &out);
    let ids = prints(&["cat", "--csv", "-c", "unique_id", "--no-header"], &out);
    let mut ids: Vec<i64> =
        ids.lines().map(|line| line.rsplit(',').next().unwrap().parse().unwrap()).collect();
    assert!(ids.is_sorted());
    ids.dedup();
    assert_eq!(ids.len(), 147 + 47, "every call has an id of its own");
    made(&["merge", "--ids", "keep"], &inputs, &out);
    assert_eq!(rows(&out).lines().count(), 147 + 47);
}

#[test]
fn slices_take_whole_calls_and_the_start() {
    let (_folder, out) = scratch();
    let calls = |words: &[&str]| {
        made(words, &[&trace("pipe.ds")], &out);
        let text = prints(&["cat", "--json"], &out);
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect::<Vec<serde_json::Value>>()
    };
    let pid = calls(&["slice", "--pid", "14560"]);
    assert!(pid.len() > 30 && pid[0]["unique_id"] == 0, "the first record stays");
    assert!(pid[1..].iter().all(|call| call["executing_pid"] == 14560));
    let exact = calls(&["slice", "--exact", "-w", "given_pathname == '/usr/bin/cat'"]);
    assert!(exact.iter().any(|row| row["argument"] == "cat"), "all rows of the call come");
    let moment = calls(&["slice", "--from", "+1ms", "--to", "+5ms", "--exact"]);
    let times: Vec<i64> = moment.iter().map(|call| call["time_called"].as_i64().unwrap()).collect();
    let first = 1_795_485_938_029_145_738;
    assert!(!times.is_empty());
    assert!(times.iter().all(|time| (first + 1_000_000..first + 5_000_000).contains(time)));
    let paths = calls(&["slice", "--path", "/etc/*", "--exact"]);
    let is_there =
        |call: &serde_json::Value| call["given_pathname"].as_str().unwrap().starts_with("/etc/");
    assert!(!paths.is_empty() && paths.iter().all(is_there));
    let ids = calls(&["slice", "--ids", "20..30", "--exact", "-t", "mmap"]);
    assert!(ids.iter().all(|call| (20..30).contains(&call["unique_id"].as_i64().unwrap())));
}

/// The descriptors that the database is open on are 3 and no other, from its open to its close.
#[test]
fn slices_by_path_follow_descriptors() {
    let (_folder, out) = scratch();
    let plugins = plugins();
    let plugins = plugins.to_str().unwrap();
    let words = ["slice", "--exact", "--path", "*/t.db", "--plugins", plugins];
    made(&words, &[&trace("sqlite.ds")], &out);
    let calls = |words: &[&str], file: &Path| prints(&[&["cat", "--json"], words].concat(), file);
    let on_three = "descriptor == 3 and 105 < unique_id";
    let all = calls(&["-w", on_three, "-t", "pwrite,fdatasync,pread"], &trace("sqlite.ds"));
    let taken = calls(&["-t", "pwrite,fdatasync,pread"], &out);
    assert!(taken.lines().count() > 40);
    assert_eq!(taken, all);
    assert!(!calls(&[], &out).contains("t.db-journal"));
    assert!(calls(&["-t", "close"], &out).lines().count() == 1);

    // Without plugins, only what names the path.
    let output = makes(&words[..4], &[&trace("sqlite.ds")], &out);
    assert!(told(&output).contains("no plugins were found"), "{}", told(&output));
    assert!(calls(&[], &out).lines().all(|call| call.contains("t.db")));
}

#[test]
fn a_new_file_takes_the_place_of_the_old_one_only_when_it_is_whole() {
    let (folder, out) = scratch();
    fs::write(&out, "old").unwrap();
    let damaged = folder.path().join("damaged.ds");
    let mut bytes = fs::read(trace("pipe.ds")).unwrap();
    let at = bytes.len() - 3000;
    bytes[at] ^= 1;
    fs::write(&damaged, bytes).unwrap();
    let output = makes(&["repack"], &[&damaged], &out);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("`dstool recover` saves the rest"), "{}", told(&output));
    assert_eq!(fs::read(&out).unwrap(), b"old");
    assert_eq!(folder.path().read_dir().unwrap().count(), 2, "nothing else is left");
    made(&["repack", "--codec", "lz4"], &[&trace("pipe.ds")], &out);
    made(&["repack", "--codec", "bz2"], &[&out], &out.clone());
}
