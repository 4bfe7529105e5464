//! The words of a command line that say which plugins there are.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};

/// Environment variable that names folders with plugins, separated by colons.
pub const FOLDERS_VARIABLE: &str = "REPLAYER_PLUGINS";

/// The options that say which plugins there are, common to all programs that load them.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Plugins")]
pub struct PluginOptions {
    /// Folder with plugins; may be given more than once. An empty name (as in `DIR:`) stands for where they
    /// are otherwise
    #[arg(
        long,
        value_name = "DIR",
        env = FOLDERS_VARIABLE,
        value_delimiter = ':',
        value_parser = path(),
        hide_env_values = true,
        global = true
    )]
    pub plugins: Vec<PathBuf>,
    /// Which plugins serve which calls, and how they are set [default: plugin-manifest.toml of the
    /// installation]
    #[arg(
        long,
        value_name = "FILE",
        env = "REPLAYER_MANIFEST",
        value_parser = path(),
        hide_env_values = true,
        global = true
    )]
    pub manifest: Option<PathBuf>,
    /// Calls or plugins to switch off, separated by commas
    #[arg(
        long,
        value_name = "CALLS",
        env = "REPLAYER_DISABLE",
        value_delimiter = ',',
        hide_env_values = true,
        global = true
    )]
    pub disable: Vec<String>,
    /// Switch off all other calls and plugins than these
    #[arg(
        long,
        value_name = "CALLS",
        env = "REPLAYER_ONLY",
        value_delimiter = ',',
        hide_env_values = true,
        global = true
    )]
    pub only: Vec<String>,
    /// Set an option of a plugin; `replayer plugins show PLUGIN` lists what it has. Separated by semicolons
    /// in the variable
    #[arg(
        long,
        value_name = "PLUGIN.OPTION=VALUE",
        env = "REPLAYER_SET",
        value_delimiter = ';',
        hide_env_values = true,
        global = true
    )]
    pub set: Vec<String>,
    /// Take plugins that others could change, as root too
    #[arg(long, global = true)]
    pub allow_unsafe_plugins: bool,
}

/// A path, which may be empty.
pub fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().map(|path: OsString| PathBuf::from(path))
}
