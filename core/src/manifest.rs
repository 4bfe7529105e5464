//! `plugin-manifest.toml`: which plugin serves which calls.
//!
//! ```toml
//! version = 1
//! default = "enabled"          # of calls that nothing below mentions; or "disabled"
//! on-plugin-error = "stop"     # or "skip", "simulate": what to do when a plugin misbehaves
//! search = ["plugins"]         # folders, relative to this file
//!
//! [plugin.acme-io]
//! path = "/opt/acme/libacme.so"
//! sha256 = "…"
//! enabled = true
//!
//! [syscall.getdents]
//! enabled = false
//!
//! [syscall.read]
//! plugin = "acme-io"           # the only way to settle a duplicate
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::misdeed::OnPluginError;

/// What a manifest says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the manifest's form: 1.
    pub version: Version,
    /// Whether calls that nothing mentions are enabled.
    #[serde(default)]
    pub default: ByDefault,
    /// What to do when a plugin misbehaves.
    #[serde(default, rename = "on-plugin-error")]
    pub on_plugin_error: Option<OnPluginError>,
    /// Folders with plugins; relative ones are relative to the manifest.
    #[serde(default)]
    pub search: Vec<PathBuf>,
    /// Plugins by name.
    #[serde(default)]
    pub plugin: BTreeMap<String, PluginEntry>,
    /// System calls by kernel name.
    #[serde(default)]
    pub syscall: BTreeMap<String, SyscallEntry>,
}

/// Version of the manifest's form.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "i64")]
pub struct Version;

impl Default for Version {
    fn default() -> Self {
        Self
    }
}

impl TryFrom<i64> for Version {
    type Error = String;

    fn try_from(version: i64) -> Result<Self, String> {
        match version {
            1 => Ok(Self),
            other => Err(format!("manifest version {other} is unknown here: this reads 1")),
        }
    }
}

/// Whether calls that nothing mentions are enabled.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum ByDefault {
    /// They are.
    #[default]
    Enabled,
    /// They aren't.
    Disabled,
}

/// `[plugin.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginEntry {
    /// Its file, if it isn't in a searched folder.
    pub path: Option<PathBuf>,
    /// Refuse any other file than the one with this SHA-256, in hexadecimal.
    pub sha256: Option<String>,
    /// Whether its calls are enabled.
    pub enabled: Option<bool>,
}

/// `[syscall.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyscallEntry {
    /// Whether the call is enabled.
    pub enabled: Option<bool>,
    /// The plugin that provides it.
    pub plugin: Option<String>,
}

/// Why a manifest can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It can't be read.
    #[error("cannot read the manifest {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Its text isn't a manifest.
    #[error("{}:{place}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Line and column.
        place: String,
        /// What is wrong.
        message: String,
    },
}

impl Manifest {
    /// Reads the manifest in file `path`.
    ///
    /// # Errors
    /// It can't be read, or something in it is unknown or of the wrong type: then with line and column.
    pub fn read(path: &Path) -> Result<Self, ManifestError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ManifestError::Unreadable { path: path.to_owned(), error })?;
        let mut manifest: Self = toml::from_str(&text).map_err(|error| ManifestError::Invalid {
            path: path.to_owned(),
            place: place(&text, error.span().map_or(0, |span| span.start)),
            message: error.message().replace('\n', " "),
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for relative in manifest
            .search
            .iter_mut()
            .chain(manifest.plugin.values_mut().filter_map(|plugin| plugin.path.as_mut()))
        {
            *relative = folder.join(&relative);
        }
        Ok(manifest)
    }
}

/// Line and column of byte `at`, from 1.
fn place(text: &str, at: usize) -> String {
    let before = &text[..text.floor_char_boundary(at)];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("{line}:{column}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Manifest, String> {
        let folder = tempfile::tempdir().expect("a scratch directory");
        let path = folder.path().join("plugin-manifest.toml");
        std::fs::write(&path, text).expect("the manifest is written");
        Manifest::read(&path).map_err(|error| {
            error.to_string().replace(&format!("{}/", folder.path().display()), "")
        })
    }

    #[test]
    fn an_unknown_key_is_named_with_its_place() {
        let error = read("version = 1\n[syscall.read]\nenabeld = false\n").unwrap_err();
        assert!(error.starts_with("plugin-manifest.toml:3:1: unknown field `enabeld`"), "{error}");
    }

    #[test]
    fn a_wrong_type_is_named_with_its_place() {
        let error = read("version = 1\n[syscall.read]\nenabled = \"no\"\n").unwrap_err();
        assert!(error.starts_with("plugin-manifest.toml:3:11: invalid type"), "{error}");
    }

    #[test]
    fn another_version_is_refused() {
        let error = read("version = 2\n").unwrap_err();
        assert!(error.contains("manifest version 2 is unknown here"), "{error}");
        assert!(read("").unwrap_err().contains("missing field `version`"));
    }

    #[test]
    fn folders_are_relative_to_the_manifest() {
        let manifest =
            read("version = 1\nsearch = [\"plugins\", \"/opt/x\"]\n").expect("it is one");
        assert!(manifest.search[0].is_absolute() && manifest.search[0].ends_with("plugins"));
        assert_eq!(manifest.search[1], Path::new("/opt/x"));
    }
}
