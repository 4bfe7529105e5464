//! Plugins in crates of their own, outside of this workspace, as third parties have them: made by `cargo xtask
//! new-plugin`, built by cargo against the SDK alone, with nothing else of this repository built again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::built::{built, program};
use crate::case::told;

/// Where such crates are built: one folder, so that the SDK is built once for all of them.
pub fn target() -> PathBuf {
    built().join("outside")
}

/// A plugin's crate.
pub struct Crate {
    scratch: TempDir,
    name: String,
}

impl Crate {
    /// The crate as it is made for plugin `name` of system call `syscall`.
    ///
    /// # Panics
    /// If it can't be made.
    pub fn new(name: &str, syscall: &str) -> Self {
        Self::made(name, &["--syscall", syscall])
    }

    /// The same, to be built with the SDK as it is published: its packages, unpacked, and nothing beside them.
    ///
    /// # Panics
    /// If the packages or the crate can't be made.
    pub fn of_published_sdk(name: &str, syscall: &str) -> Self {
        let packages = target().join("packages");
        xtask(&["package", "--to", &packages.to_string_lossy()]);
        Self::made(name, &["--syscall", syscall, "--sdk", &packages.to_string_lossy()])
    }

    fn made(name: &str, words: &[&str]) -> Self {
        let scratch = TempDir::new().expect("a scratch folder");
        let made = Self { scratch, name: name.to_owned() };
        let folder = made.folder();
        xtask(&[&["new-plugin", name, "--path", &folder.to_string_lossy()], words].concat());
        prepare(&folder);
        made
    }

    /// The same with another source.
    ///
    /// # Panics
    /// If it can't be written.
    pub fn with_source(self, source: &str) -> Self {
        fs::write(self.folder().join("src/lib.rs"), source).expect("the crate is ours");
        self
    }

    /// The crate's folder.
    pub fn folder(&self) -> PathBuf {
        self.scratch.path().join(&self.name)
    }

    /// Runs cargo with these words in it.
    ///
    /// # Panics
    /// If it fails.
    pub fn cargo(&self, words: &[&str]) -> Output {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // What the SDK needs is there already: this workspace needs it too.
        cargo.args(words).arg("--offline").current_dir(self.folder());
        cargo.env("CARGO_TARGET_DIR", target());
        let output = cargo.output().expect("cargo runs");
        assert!(output.status.success(), "cargo {words:?}: {}", told(&output));
        output
    }

    /// Builds the plugin; returns its library, which the next one of its name takes the place of.
    ///
    /// # Panics
    /// If it can't be built.
    pub fn build(&self) -> PathBuf {
        self.cargo(&["build"]);
        let library = format!("lib{}.so", self.name.replace('-', "_"));
        let kept = self.scratch.path().join(&library);
        fs::copy(target().join("debug").join(library), &kept).expect("cargo makes a library");
        kept
    }
}

/// Runs `cargo xtask` with these words.
fn xtask(words: &[&str]) {
    let output = Command::new(program("xtask")).args(words).output().expect("xtask runs");
    assert!(output.status.success(), "xtask {words:?}: {}", told(&output));
}

/// Makes the crate in `folder` take the versions that this workspace has.
///
/// # Panics
/// If it can't be written.
pub fn prepare(folder: &Path) {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    fs::copy(lock, folder.join("Cargo.lock")).expect("the workspace has a lock");
}
