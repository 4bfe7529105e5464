//! The pages of `docs/` that are made from what the plugins declare. `cargo xtask docs` writes them, and a
//! test holds them to it.

mod calls;
mod capture;
mod coverage;

use std::path::{Path, PathBuf};
use std::{fs, io};

use replay_core::registry::{PluginOptions, Registry, RegistryError};

use crate::built::plugins;

/// What a page says, made from the plugins.
type Make = fn(&Registry) -> Result<String, RegistryError>;

/// A page that is made.
pub struct Page {
    /// Its file's name in `docs/`.
    pub name: &'static str,
    /// Whether it says the same on all machines, so that a test can hold it to that.
    pub is_the_same_everywhere: bool,
    make: Make,
}

/// All of them.
pub const PAGES: &[Page] = &[
    Page { name: "capture.md", is_the_same_everywhere: true, make: capture::page },
    Page { name: "syscalls.md", is_the_same_everywhere: true, make: calls::page },
    // Kernels differ in what they know, and users in what they may.
    Page { name: "coverage.md", is_the_same_everywhere: false, make: coverage::page },
];

impl Page {
    /// What it should say.
    ///
    /// # Errors
    /// A plugin isn't taken.
    pub fn text(&self) -> Result<String, RegistryError> {
        let options = PluginOptions { plugins: vec![plugins()], ..PluginOptions::default() };
        (self.make)(&Registry::open(&options)?)
    }

    /// Its file.
    pub fn path(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(self.name)
    }

    /// What it says; nothing if it isn't there.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn written(&self) -> io::Result<String> {
        match fs::read_to_string(self.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            read => read,
        }
    }
}
