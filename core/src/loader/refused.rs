//! Why a file isn't taken as a plugin, in a sentence each.

use std::path::PathBuf;

use abi::{ABI_MAJOR, ABI_MINOR, SCHEMA_MAJOR, SCHEMA_MINOR};
use replay_schema::DeclarationError;

use crate::manifest::Pin;

/// Why a file isn't taken as a plugin.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The file can't be read.
    #[error("{0}")]
    Unreadable(#[from] std::io::Error),
    /// Not a shared library for this machine.
    #[error("not a shared library for this machine ({0})")]
    NotALibrary(String),
    /// The file ends before what it says it holds.
    #[error("the library is cut off: {0}")]
    CutOff(String),
    /// It says of itself what isn't so.
    #[error("the library is damaged: {0}")]
    Damaged(&'static str),
    /// A library, but no plugin.
    #[error("a library, but not a plugin: it doesn't export `{}`", abi::HEADER_SYMBOL)]
    NotAPlugin,
    /// A header, and nothing that it belongs to.
    #[error(
        "it has a plugin's header and no module: it exports neither `{}` nor `{}`",
        abi::MODULE_SYMBOL,
        abi::PLAIN_SYMBOL
    )]
    NoModule,
    /// A plugin's header with something wrong in it.
    #[error("its header is damaged: {0}")]
    Header(&'static str),
    /// Another ABI.
    #[error(
        "it was built for plugin ABI {major}.{minor}, this is {ABI_MAJOR}.{ABI_MINOR}: {}",
        remedy(*major, *minor)
    )]
    Abi {
        /// The plugin's major version.
        major: u16,
        /// The plugin's minor version.
        minor: u16,
    },
    /// Another record schema.
    #[error(
        "it speaks record schema {major}.{minor}, this is {SCHEMA_MAJOR}.{SCHEMA_MINOR}: \
         take a plugin and a program of the same release"
    )]
    Schema {
        /// The plugin's major version.
        major: u16,
        /// The plugin's minor version.
        minor: u16,
    },
    /// Says the versions fit, but its layout doesn't.
    #[error("its layout isn't that of plugin ABI {ABI_MAJOR}.{ABI_MINOR}: build it again")]
    Layout(String),
    /// The dynamic linker won't have it.
    #[error("it can't be loaded: {0}")]
    Linker(String),
    /// What it hands over as its module is none.
    #[error("its module makes no sense: {0}")]
    Module(String),
    /// A stub without its library.
    #[error("its code is in {}, which can't be used: {why}", path.display())]
    Code {
        /// The library.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// Its declaration makes no sense.
    #[error("its declaration makes no sense: {0}")]
    Declaration(#[from] DeclarationError),
    /// It claims one thing in its header and another in its module.
    #[error("its header claims {header}, its module {module}")]
    Claims {
        /// What the header says.
        header: String,
        /// What the module says.
        module: String,
    },
    /// Another plugin has the call already.
    #[error(
        "`{call}` is already provided by {by}; say which is to have it in the manifest, with \
         `[syscall.{call}] plugin = \"NAME\"` or a `priority` of one of the two"
    )]
    Taken {
        /// The call.
        call: String,
        /// The plugin that has it.
        by: String,
    },
    /// Another plugin of its folder has its name.
    #[error("another plugin is named `{name}` too, {}: take one of them away", other.display())]
    SameName {
        /// The name of both.
        name: String,
        /// The other one's file.
        other: PathBuf,
    },
    /// The manifest names a file that isn't there.
    #[error("it isn't there, and {place} names it")]
    NotThere {
        /// File, line and column of the manifest.
        place: String,
    },
    /// The manifest names its file, for another plugin: what it says of that would mean nothing.
    #[error("it is the plugin `{name}`, and {place} takes it for `{taken_for}`")]
    OtherName {
        /// The plugin's name.
        name: String,
        /// The name in the manifest.
        taken_for: String,
        /// File, line and column of the manifest.
        place: String,
    },
    /// Not the file that the manifest pins.
    #[error("its SHA-256 is {found}, not the pinned {pinned}")]
    Pin {
        /// As computed.
        found: Pin,
        /// As the manifest has it.
        pinned: Pin,
    },
    /// The manifest requires pins and has none for it.
    #[error(
        "the manifest requires pins and has none for it: to trust this file, add \
         `[plugin.{name}] sha256 = \"{found}\"`"
    )]
    NotPinned {
        /// The plugin's name.
        name: String,
        /// The file's SHA-256.
        found: Pin,
    },
    /// Others than root could change what root is to run.
    #[error("{0}; --allow-unsafe-plugins takes it all the same")]
    Unsafe(String),
    /// Its options make no sense.
    #[error("its options make no sense: {0}")]
    Options(String),
}

fn remedy(major: u16, minor: u16) -> &'static str {
    if (major, minor) > (ABI_MAJOR, ABI_MINOR) {
        "take a newer release of this program"
    } else {
        "build the plugin with the SDK of this release"
    }
}
