//! Names for flags and the like, from plugins if there are any.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use replay_schema::{Call, PREFIX};

use super::Result;
use crate::registry::{self, FOLDERS_VARIABLE, PluginOptions, Registry};

/// Where plugins are.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Plugins")]
pub struct Options {
    /// Folder with the plugins that know the names of flags [default: beside dstool, if they are there]
    #[arg(
        long,
        value_name = "DIR",
        env = FOLDERS_VARIABLE,
        value_delimiter = ':',
        value_parser = registry::path()
    )]
    plugins: Vec<PathBuf>,
    /// Take plugins that others could change, as root too
    #[arg(long)]
    allow_unsafe_plugins: bool,
}

/// What plugins declare of the calls, as far as there are any.
#[derive(Default)]
pub struct Names {
    registry: Option<Registry>,
    known: RefCell<HashMap<String, Option<Arc<Call>>>>,
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").field("has_plugins", &self.registry.is_some()).finish()
    }
}

impl Names {
    /// Finds the plugins. If none were asked for, it does without.
    ///
    /// # Errors
    /// Those that were asked for can't be used.
    pub fn open(options: &Options) -> Result<Self> {
        let Options { plugins, allow_unsafe_plugins } = options.clone();
        let plugins = PluginOptions { plugins, allow_unsafe_plugins, ..PluginOptions::default() };
        let registry = match (Registry::open(&plugins), options.plugins.is_empty()) {
            (Ok(registry), _) => Some(registry),
            (Err(_), true) => None,
            (Err(error), false) => return Err(error.into()),
        };
        Ok(Self { registry, known: RefCell::default() })
    }

    /// Whether there are any plugins.
    pub fn has_plugins(&self) -> bool {
        self.registry.is_some()
    }

    /// What is declared of the type of that name.
    pub fn call(&self, extent_type: &str) -> Option<Arc<Call>> {
        let name = extent_type.strip_prefix(PREFIX)?;
        let registry = self.registry.as_ref()?;
        let mut known = self.known.borrow_mut();
        if let Some(call) = known.get(name) {
            return call.clone();
        }
        // A plugin that can't be loaded gives no names; nothing else depends on it.
        let call = registry.extent(name).unwrap_or_else(|error| {
            eprintln!("dstool: no names for {name}: {error}");
            None
        });
        known.insert(name.to_owned(), call.clone());
        call
    }
}
