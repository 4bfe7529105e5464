//! The programs and plugins that were built with the tests.

use std::env;
use std::path::PathBuf;

/// Environment variable that names the folder with the plugins to test.
pub const PLUGINS_VARIABLE: &str = "REPLAY_PLUGINS_UNDER_TEST";

/// The folder with the plugins to test: the one that [`PLUGINS_VARIABLE`] names, else the one that
/// `cargo xtask build` laid out.
///
/// # Panics
/// If there is none.
pub fn plugins() -> PathBuf {
    if let Some(folder) = env::var_os(PLUGINS_VARIABLE) {
        return folder.into();
    }
    let built = built();
    let folder = built.join("plugins-under-test");
    assert!(folder.is_dir(), "{} isn't there: {BUILD}", folder.display());
    folder
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

const BUILD: &str = "run the tests with `cargo xtask test`, or `cargo xtask build` first";
