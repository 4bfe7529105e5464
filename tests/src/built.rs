//! The programs and plugins that were built with the tests.

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
    // A folder of its own, since cargo's has other libraries too.
    let built = built();
    let folder = built.join("plugins-under-test");
    fs::create_dir_all(&folder).expect("cargo's folder is writable");
    let wanted = libraries();
    for library in &wanted {
        assert!(
            built.join(library).is_file(),
            "{} isn't in {}: {BUILD}",
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

/// The folder that cargo builds this profile's programs in: a test is `deps/TEST` of it, a program lies
/// there itself.
///
/// # Panics
/// If the test was moved elsewhere.
pub fn built() -> PathBuf {
    let test = env::current_exe().expect("the test knows where it is");
    let folder = test.parent().expect("the test is where cargo puts it");
    folder.parent().filter(|_| folder.ends_with("deps")).unwrap_or(folder).to_owned()
}

/// The program `name` of this repository.
///
/// # Panics
/// If it wasn't built.
pub fn program(name: &str) -> PathBuf {
    let path = built().join(name);
    assert!(path.is_file(), "{} isn't there: {BUILD}", path.display());
    path
}

const BUILD: &str = "run the tests with `cargo xtask test`, or `cargo build --workspace` first";
