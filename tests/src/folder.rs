//! Folders of plugins that tests put together.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::built::{built, plugins};

/// A folder with plugins, gone with its value.
pub struct PluginFolder {
    scratch: TempDir,
}

impl PluginFolder {
    /// None at all.
    ///
    /// # Panics
    /// If there is no folder to be had.
    pub fn empty() -> Self {
        Self { scratch: TempDir::new().expect("a scratch folder") }
    }

    /// All stock plugins but those named.
    ///
    /// # Panics
    /// If they can't be linked to.
    pub fn without(names: &[&str]) -> Self {
        let folder = Self::empty();
        let stock = fs::read_dir(plugins()).expect("the plugins' folder is there");
        // The library that has the code of several is found where the plugins really are.
        let files = stock.map(|entry| entry.expect("the folder can be listed"));
        for entry in files.filter(|entry| !entry.path().is_dir()) {
            let name = entry.file_name();
            let is_left_out =
                names.iter().any(|without| *name == *format!("libplugin_{without}.so"));
            if !is_left_out {
                let plugin = fs::canonicalize(entry.path()).expect("the plugin is there");
                symlink(plugin, folder.path().join(name)).expect("the folder is new");
            }
        }
        folder
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.scratch.path()
    }

    /// Adds the plugin that was built as package `plugin-NAME`.
    ///
    /// # Panics
    /// If it can't be linked to.
    pub fn add(&self, name: &str) -> PathBuf {
        let file = format!("libplugin_{name}.so");
        let path = self.path().join(&file);
        symlink(built().join(file), &path).expect("there is no such plugin yet");
        path
    }

    /// Adds the plugin in C whose source is `source`, as file `name`, compiled with these further `words`.
    ///
    /// # Panics
    /// If it can't be compiled.
    pub fn add_c(&self, name: &str, source: &Path, words: &[&str]) -> PathBuf {
        let path = self.path().join(name);
        let words = [&["-shared", "-fPIC", INCLUDE], words].concat();
        compile(source, &path, &words);
        path
    }
}

/// Where the header for plugins in C is.
const INCLUDE: &str = concat!("-I", env!("CARGO_MANIFEST_DIR"), "/../sdk/include");

/// Compiles C without a warning.
///
/// # Panics
/// If that isn't possible.
#[track_caller]
pub fn compile(source: &Path, to: &Path, words: &[&str]) {
    let mut compiler = Command::new("cc");
    compiler.args(["-Wall", "-Wextra", "-Werror"]).args(words).arg("-o").arg(to).arg(source);
    let output = compiler.output().expect("there is a C compiler");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A file of this package's.
pub fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
