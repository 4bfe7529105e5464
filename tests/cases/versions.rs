//! Plugins that were built for an earlier ABI go on working; those that can't are refused with a sentence.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use replay_tests::built::{built, program};
use replay_tests::case::{Case, told};
use replay_tests::folder::{PluginFolder, source};

/// Builds the plugin for ABI 1.0.
fn old_plugin() -> PathBuf {
    let target = built().join("fixtures/abi-1.0");
    let manifest = source("fixtures/abi-1.0/Cargo.toml");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--locked", "--manifest-path"]).arg(&manifest);
    build.arg("--target-dir").arg(&target);
    let output = build.output().expect("there is a cargo");
    assert!(output.status.success(), "{}", told(&output));
    target.join("debug/libplugin_old.so")
}

#[test]
fn a_plugin_for_abi_1_0_records_and_replays() {
    let folder = PluginFolder::without(&["mkdir"]);
    fs::copy(old_plugin(), folder.path().join("libold.so")).unwrap();
    let case = Case::new(|_| ()).with_plugins(folder.path());
    case.record_all(&["mkdir", "-m", "0700", "made"]);
    let recorded = case.tree();
    case.reset();
    let replay = case.replay(&["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert!(told(&replay).contains("an old plugin at work"), "{}", told(&replay));
    assert_eq!(recorded.differences(&case.tree()), Vec::<String>::new());
    let replay = case.replay(&["--verify"]);
    assert_eq!(replay.status.code(), Some(1), "{}", told(&replay));
    assert!(told(&replay).contains("got EEXIST"), "{}", told(&replay));
}

/// What the replayer says of the plugin for 1.0 when its header has the bytes `to` in place of `from`.
fn refused(from: &[u8], to: &[u8]) -> String {
    let mut bytes = fs::read(old_plugin()).unwrap();
    // Magic, then size, then the versions.
    let header = bytes.windows(16).position(|window| window == b"syscall-plugin\r\n").unwrap();
    let at = bytes[header..].windows(from.len()).position(|window| window == from).unwrap();
    bytes[header + at..][..to.len()].copy_from_slice(to);
    let folder = PluginFolder::without(&["mkdir"]);
    fs::write(folder.path().join("libold.so"), bytes).unwrap();
    let mut replayer = Command::new(program("replayer"));
    replayer.arg("--plugins").arg(folder.path()).arg(source("data/reference/rmdir.ds"));
    let output = replayer.output().unwrap();
    let told = told(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    told
}

/// Size of the header, ABI major and minor, schema major and minor.
fn versions(abi: (u16, u16), schema: (u16, u16)) -> Vec<u8> {
    let shorts = [abi.0, abi.1, schema.0, schema.1].map(u16::to_ne_bytes);
    [&1024u32.to_ne_bytes()[..], &shorts.concat()].concat()
}

#[test]
fn a_plugin_that_does_not_fit_is_refused_with_both_versions_and_what_to_do() {
    let own = versions((1, 0), (1, 1));
    let told = refused(&own, &versions((1, 99), (1, 1)));
    let ours = format!("{}.{}", sdk::abi::ABI_MAJOR, sdk::abi::ABI_MINOR);
    let sentence =
        format!("it was built for plugin ABI 1.99, this is {ours}: take a newer release");
    assert!(told.contains(&sentence), "{told}");
    let told = refused(&own, &versions((2, 0), (1, 1)));
    assert!(told.contains("it was built for plugin ABI 2.0") && told.contains("newer"), "{told}");
    let told = refused(&own, &versions((0, 9), (1, 1)));
    assert!(told.contains("ABI 0.9") && told.contains("with the SDK of this release"), "{told}");
    let told = refused(&own, &versions((1, 0), (2, 0)));
    assert!(told.contains("it speaks record schema 2.0, this is 1."), "{told}");
}

#[test]
fn a_stub_needs_its_library_and_no_other() {
    let folder = PluginFolder::without(&["mkdir"]);
    let shared = folder.path().join("shared/libfamily.so");
    fs::create_dir_all(shared.parent().unwrap()).unwrap();
    fs::copy(built().join("libreplay_stock.so"), &shared).unwrap();
    let library = replay_stock::stub::Library::new(&shared, "shared/libfamily.so").unwrap();
    let header = sdk::abi::Header::new("makedir", "1.0.0", &[("mkdir", &["mkdir"])]);
    let stub = folder.path().join("libplugin_mkdir.so");
    library.write_stub(&header, false, &stub).unwrap();
    assert!(fs::metadata(&stub).unwrap().len() < 8192, "a stub is small");

    let case = Case::new(|_| ()).with_plugins(folder.path());
    let record = || told(&case.record(&["true"]));
    assert!(record().contains("libfamily.so, which can't be used: it has no plugin `makedir`"));
    let mut bytes = fs::read(&shared).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&shared, bytes).unwrap();
    let told = record();
    assert!(told.contains("it is damaged, or of another release"), "{told}");
    fs::remove_file(&shared).unwrap();
    let told = record();
    assert!(told.contains("it isn't there; it is to be copied along with its plugins"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}
