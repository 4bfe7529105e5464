//! `plugin-manifest.toml`: which plugins there are, which of them serves which calls, and how they are set.
//!
//! ```toml
//! version = 1
//! default = "enabled"            # of calls that nothing below mentions; or "disabled"
//! search = ["plugins"]           # folders, relative to this file
//! on-plugin-error = "stop"       # or "skip", "simulate": what to do when a plugin misbehaves
//! require-pins = false           # true: no plugin without a SHA-256 below is taken
//! allow-unsafe-plugins = false   # true: root takes plugins that others may change
//!
//! [plugin.acme-io]
//! path = "/opt/acme/libacme.so"  # if it isn't in a searched folder
//! sha256 = "…"                   # this file and no other
//! enabled = true
//! priority = 10                  # over others that have one of its calls; 0 if it isn't said
//! options = { mode = "safe" }    # what `replayer plugins show acme-io` lists
//!
//! [syscall.getdents]
//! enabled = false
//!
//! [syscall.read]
//! plugin = "acme-io"             # this one, whatever the priorities are
//! ```
//!
//! What is unknown or of the wrong type is an error with line and column.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::misdeed::OnPluginError;

/// What a manifest says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
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
    /// Whether every plugin must have its SHA-256 here.
    #[serde(default)]
    pub require_pins: bool,
    /// Whether root takes plugins that others may change.
    #[serde(default)]
    pub allow_unsafe_plugins: bool,
    /// Plugins by name.
    #[serde(default)]
    pub plugin: BTreeMap<Spanned<String>, PluginEntry>,
    /// System calls by kernel name, and record types by that of their extent.
    #[serde(default)]
    pub syscall: BTreeMap<Spanned<String>, SyscallEntry>,
    /// The file, and its text.
    #[serde(skip)]
    source: (PathBuf, String),
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
    pub path: Option<Spanned<PathBuf>>,
    /// Refuse any other file than the one with this SHA-256.
    pub sha256: Option<Pin>,
    /// Whether its calls are enabled.
    pub enabled: Option<bool>,
    /// Of two that have a call, the one with the higher number serves it; 0 if it isn't said.
    pub priority: Option<i64>,
    /// Values of its options, by name.
    #[serde(default)]
    pub options: BTreeMap<Spanned<String>, Spanned<toml::Value>>,
}

/// `[syscall.NAME]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyscallEntry {
    /// Whether the call is enabled.
    pub enabled: Option<bool>,
    /// The plugin that provides it.
    pub plugin: Option<Spanned<String>>,
}

/// The SHA-256 of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Pin(pub [u8; 32]);

impl TryFrom<String> for Pin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
        let bytes = text.as_bytes().chunks(2).map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        });
        let bytes: Option<Vec<u8>> = bytes.collect();
        let pin = bytes.and_then(|bytes| bytes.try_into().ok());
        pin.map(Self).ok_or_else(|| format!("{text:?} is no SHA-256: 64 hexadecimal digits are"))
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
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
    /// Something in it can't be.
    #[error("{place}: {message}")]
    Invalid {
        /// File, line and column.
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
            place: place(path, &text, error.span().map_or(0, |span| span.start)),
            message: error.message().replace('\n', " "),
        })?;
        manifest.source = (path.to_owned(), text);
        let folder = manifest.folder().to_owned();
        let of_plugins = manifest.plugin.values_mut().filter_map(|plugin| plugin.path.as_mut());
        for relative in manifest.search.iter_mut().chain(of_plugins.map(Spanned::get_mut)) {
            *relative = folder.join(&relative);
        }
        Ok(manifest)
    }

    /// Its file; none if there is no manifest.
    pub fn path(&self) -> Option<&Path> {
        let (path, _) = &self.source;
        (!path.as_os_str().is_empty()).then_some(path)
    }

    /// The folder that relative paths in it are relative to.
    pub fn folder(&self) -> &Path {
        self.source.0.parent().unwrap_or(Path::new(""))
    }

    /// File, line and column of something in it.
    pub fn place(&self, span: Range<usize>) -> String {
        let (path, text) = &self.source;
        place(path, text, span.start)
    }

    /// That what stands at `span` can't be.
    pub fn invalid(&self, span: Range<usize>, message: String) -> ManifestError {
        ManifestError::Invalid { place: self.place(span), message }
    }
}

/// File, line and column of byte `at` of `text`, from 1.
fn place(path: &Path, text: &str, at: usize) -> String {
    let before = &text[..text.floor_char_boundary(at)];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("{}:{line}:{column}", path.display())
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

    #[test]
    fn a_malformed_pin_is_named_with_its_place() {
        let pin = |text: &str| read(&format!("version = 1\n[plugin.x]\nsha256 = \"{text}\"\n"));
        for wrong in ["", "0", &"0".repeat(63), &"0".repeat(65), &"x".repeat(64), &"é".repeat(32)]
        {
            let error = pin(wrong).unwrap_err();
            assert!(error.starts_with("plugin-manifest.toml:3:10: "), "{error}");
            assert!(error.contains("is no SHA-256"), "{error}");
        }
        let text = "0123456789ABCDEFabcdef00".to_owned() + &"f".repeat(40);
        let manifest = pin(&text).expect("it is one");
        let pin = manifest.plugin["x"].sha256.expect("it was given");
        assert_eq!(pin.to_string(), text.to_lowercase());
    }

    #[test]
    fn wrong_types_of_anything_are_named_with_their_place() {
        for (text, place) in [
            ("require-pins = 1", "2:16"),
            ("search = \"plugins\"", "2:10"),
            ("search = [1]", "2:11"),
            ("default = \"on\"", "2:11"),
            ("[plugin.x]\npriority = \"high\"", "3:12"),
            ("[plugin.x]\npriority = 1.5", "3:12"),
            ("[plugin.x]\noptions = 1", "3:11"),
            ("[syscall.x]\nplugin = 1", "3:10"),
            ("[syscall.x]\nplugin = 'a'\nplugin = 'b'", "4:1"),
            ("[syscall", "2:9"),
        ] {
            let error = read(&format!("version = 1\n{text}\n")).unwrap_err();
            let expected = format!("plugin-manifest.toml:{place}: ");
            assert!(error.starts_with(&expected), "{text:?}: {error}");
        }
    }

    #[test]
    fn what_stands_in_it_can_be_found_again() {
        let manifest = read("version = 1\n[plugin.x.options]\n  size = 3\n").expect("it is one");
        let (key, value) = manifest.plugin["x"].options.first_key_value().expect("it has one");
        assert!(manifest.place(key.span()).ends_with("plugin-manifest.toml:3:3"));
        assert!(manifest.place(value.span()).ends_with("plugin-manifest.toml:3:10"));
    }
}
