//! Tests from outside: real programs recorded, replayed and compared. Run them with `cargo xtask test`,
//! which builds the programs and plugins that they use.
//!
//! The tests that stand beside the plugins' code run here too, all in one binary.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Environment variable that names the folder with the plugins to test.
pub const PLUGINS_VARIABLE: &str = "REPLAY_PLUGINS_UNDER_TEST";

/// The folder with the plugins to test: the one that [`PLUGINS_VARIABLE`] names, else one of links to
/// those that were built with this test.
///
/// # Panics
/// If one of them wasn't built.
pub fn plugins() -> PathBuf {
    if let Some(folder) = env::var_os(PLUGINS_VARIABLE) {
        return folder.into();
    }
    // target/PROFILE/deps/PROGRAM; a folder of its own, since PROFILE has other libraries too.
    let program = env::current_exe().expect("the test knows where it is");
    let built = program.ancestors().nth(2).expect("the test is where cargo puts it");
    let folder = built.join("plugins-under-test");
    fs::create_dir_all(&folder).expect("cargo's folder is writable");
    let wanted = libraries();
    for library in &wanted {
        assert!(
            built.join(library).is_file(),
            "{} isn't in {}: run the tests with `cargo xtask test`, or `cargo build --workspace` first",
            library.display(),
            built.display()
        );
        match symlink(Path::new("..").join(library), folder.join(library)) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            linked => linked.expect("cargo's folder is writable"),
        }
    }
    for entry in fs::read_dir(&folder).expect("the folder is there") {
        let entry = entry.expect("the folder can be listed");
        if !wanted.contains(&entry.file_name()) {
            // Another test may have been faster to remove what no plugin's folder stands for any more.
            let _ = fs::remove_file(entry.path());
        }
    }
    folder
}

/// The names of the plugins' libraries.
fn libraries() -> BTreeSet<OsString> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    let folders = fs::read_dir(sources).expect("the plugins are beside the tests");
    let folders = folders.map(|entry| entry.expect("the folder can be listed"));
    let folders = folders.filter(|entry| entry.path().join("src/lib.rs").is_file());
    let names = folders.map(|entry| entry.file_name().to_string_lossy().replace('-', "_"));
    names.map(|name| format!("libplugin_{name}.so").into()).collect()
}

#[cfg(test)]
#[allow(dead_code, reason = "without hosts nobody calls what a plugin exports")]
mod plugins {
    include!(concat!(env!("OUT_DIR"), "/plugins.rs"));
}
