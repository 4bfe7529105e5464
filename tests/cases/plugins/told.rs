//! What `replayer plugins` tells.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use object::{Object, ObjectSection};
use replay_tests::built::{built, plugins, program};
use replay_tests::case::told;
use serde_json::Value;
use tempfile::TempDir;

use super::{Prefix, diagnosis, ran, text};

#[test]
fn a_plugin_is_shown_with_all_that_it_declares() {
    let folder = plugins();
    let folder = folder.to_string_lossy();
    let output = ran(&["show", "pread64", "--plugins", &folder, "--json"]);
    let page: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (page["name"].as_str(), page["status"].as_str()),
        (Some("pread64"), Some("enabled"))
    );
    assert_eq!(page["abi"].as_str().map(|abi| abi.starts_with("1.")), Some(true));
    assert_eq!(page["sha256"].as_str().map(str::len), Some(64));
    let record_type = &page["record_types"][0];
    assert_eq!(record_type["name"], "pread");
    let columns = record_type["columns"].as_array().unwrap();
    let data = columns.iter().find(|column| column["name"] == "data_read").unwrap();
    assert_eq!(data["type"], "variable32");
    assert_eq!(data["capture"], "bytes at argument 1, as many as were returned");
    assert_eq!(data["compared"], "always");
    let descriptor = columns.iter().find(|column| column["name"] == "descriptor").unwrap();
    assert_eq!(descriptor["role"], "descriptor");

    // By its record type's name too, and for people.
    let by_extent = ran(&["show", "pread", "--plugins", &folder]);
    assert!(text(&by_extent).contains("bytes at argument 1, as many as were returned; "));
    let unknown = ran(&["show", "raed", "--plugins", &folder]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(told(&unknown).contains("raed: no plugin, system call or record type"));
}

#[test]
fn everything_that_is_found_is_listed_with_what_became_of_it() {
    let prefix = Prefix::new();
    let folder = prefix.folder("plugins", "read");
    prefix.folder("plugins", "write");
    fs::write(folder.join("odd.so"), "no library\n").unwrap();
    let output =
        ran(&["list", "--plugins", &folder.to_string_lossy(), "--disable", "write", "--json"]);
    let entries: Value = serde_json::from_slice(&output.stdout).unwrap();
    let of = |name: &str| {
        let mut entries = entries.as_array().unwrap().iter();
        entries.find(|entry| entry["path"].as_str().unwrap().ends_with(name)).unwrap()
    };
    assert_eq!(of("libplugin_read.so")["status"], "enabled");
    assert_eq!(of("libplugin_read.so")["provides"][0]["calls"][0], "read");
    assert_eq!(of("libplugin_write.so")["status"], "disabled");
    assert_eq!(of("libplugin_write.so")["why"], "by --disable");
    assert_eq!(of("odd.so")["status"], "refused");
    assert!(of("odd.so")["why"].as_str().unwrap().contains("not a shared library"));
    assert_eq!(of("odd.so")["name"], Value::Null);
}

#[test]
fn a_trace_named_like_the_command_is_a_trace() {
    let scratch = TempDir::new().unwrap();
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/reference/rmdir.ds");
    symlink(reference, scratch.path().join("plugins")).unwrap();
    let mut replayer = Command::new(program("replayer"));
    replayer.arg("--plugins").arg(plugins()).arg("./plugins").current_dir(&scratch);
    let output = replayer.args(["--disable", "none"]).output().unwrap();
    assert!(told(&output).contains("none: no plugin has that name"), "{}", told(&output));
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do() {
    let scratch = TempDir::new().unwrap();
    // One whose code is in its own file.
    let whole = fs::read(built().join("libplugin_panicking.so")).unwrap();
    let file = scratch.path().join("x.so");
    let examine = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        let (status, text) = diagnosis(&file);
        assert_eq!(text.lines().count(), 1, "one sentence: {text}");
        (status, text)
    };
    let (status, text) = examine(&whole);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("well: plugin panicking") && text.contains("provides read"), "{text}");

    let (status, text) = examine(b"no library");
    assert_eq!(status, Some(1));
    assert!(text.contains("name a library that was built for this machine"), "{text}");
    let (_, text) = examine(&whole[..whole.len() / 2]);
    assert!(text.contains("x.so: ") && text.contains(": "), "{text}");

    // Wherever its code is damaged so that it can't even be loaded, only the probe crashes.
    let parsed = object::File::parse(&*whole).unwrap();
    let code = parsed.section_by_name(".init").expect("what is run first").file_range().unwrap();
    let mut damaged = whole.clone();
    damaged[code.0 as usize..(code.0 + code.1) as usize].fill(0xcc);
    let (status, text) = examine(&damaged);
    assert_eq!(status, Some(1));
    assert!(text.contains("loading it ended the process with SIG"), "{text}");
    assert!(text.contains("build or copy it again"), "{text}");

    // A byte flipped anywhere: a sentence, whatever it is.
    for at in (64..whole.len()).step_by(whole.len() / 40) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0xff;
        let (status, text) = examine(&flipped);
        assert!(matches!(status, Some(0 | 1)), "byte {at}: {text}");
    }
    let (status, text) = diagnosis(&scratch.path().join("none.so"));
    assert_eq!(status, Some(1));
    assert!(text.contains("No such file"), "{text}");
}
