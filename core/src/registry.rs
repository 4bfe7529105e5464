//! Which plugin has which call: the manifest, the command line and the plugins' headers put together.
//!
//! Opening a registry reads headers only. A plugin's code is loaded when the first of its calls is
//! asked for, or if people set something of it.

mod config;
mod names;
mod places;
mod plugin;
mod search;
mod settle;
mod survey;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use replay_schema::{Call, Selector};

use config::Config;
pub use config::Disabled;
pub use places::Places;
pub use plugin::{Aside, Plugin, Why};
use settle::Owner;
pub use settle::Standing;
pub use survey::fingerprint;
pub use words::{FOLDERS_VARIABLE, PluginOptions, path};

use crate::loader::{Claim, Refused};
use crate::manifest::{Manifest, ManifestError};
use crate::misdeed::OnPluginError;
use crate::settings::SettingError;

/// Why there is no registry.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The manifest can't be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A folder can't be read.
    #[error("cannot read the plugin folder {}: {error}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// No folder was given, and none is at its usual place.
    #[error("no plugin folder: looked for {}; name one with --plugins DIR", list(.0))]
    NoFolder(Vec<PathBuf>),
    /// There are folders, and no plugin in them.
    #[error("no plugins in {}", list(.0))]
    Empty(Vec<PathBuf>),
    /// A file isn't taken as a plugin.
    #[error("plugin {}: {refused}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        refused: Refused,
    },
    /// A name on the command line that nothing has.
    #[error("{name}: no plugin has that name, and none provides a call of that name ({from})")]
    UnknownName {
        /// The name.
        name: String,
        /// Where it was given.
        from: String,
    },
    /// `--set` with something else than `PLUGIN.OPTION=VALUE`.
    #[error("--set {text}: {why}")]
    Set {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// An option can't have the value that it is given.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The manifest is one that others than root could change.
    #[error("the manifest {}: {danger}; --allow-unsafe-plugins takes it all the same", path.display())]
    UnsafeManifest {
        /// The file.
        path: PathBuf,
        /// Why it is.
        danger: String,
    },
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// A system call of which a plugin has some calls, which those are, and their record type.
pub type Selected<'r> = (&'r str, Selector, Arc<Call>);

/// The plugins and what each provides.
#[derive(Debug)]
pub struct Registry {
    plugins: Vec<Plugin>,
    aside: Vec<Aside>,
    standings: Vec<Vec<Standing>>,
    extents: BTreeMap<String, Owner>,
    syscalls: BTreeMap<String, Owner>,
    selected: Vec<(String, Selector, Owner)>,
    config: Arc<Config>,
}

impl Registry {
    /// Finds the plugins that `options` and their manifest name, and settles who has which call.
    ///
    /// # Errors
    /// A folder, manifest or plugin that can't be used, named.
    pub fn open(options: &PluginOptions) -> Result<Self, RegistryError> {
        let mut registry = Self::survey(options)?;
        let refused = registry.aside.iter().position(|aside| matches!(aside.why, Why::Refused(_)));
        if let Some(Aside { path, why: Why::Refused(refused), .. }) =
            refused.map(|index| registry.aside.swap_remove(index))
        {
            return Err(RegistryError::Refused { path, refused });
        }
        registry.check_names()?;
        for plugin in &registry.plugins {
            let name = &plugin.header.name;
            let mut claims = plugin.header.claims.iter();
            if registry.config.sets(name)
                && claims.any(|claim| registry.config.is_enabled(claim, name))
            {
                plugin.loaded()?;
            }
        }
        Ok(registry)
    }

    /// What the manifest says is to be done when a plugin misbehaves.
    pub fn on_plugin_error(&self) -> Option<OnPluginError> {
        self.config.manifest.on_plugin_error
    }

    /// The plugins.
    pub fn plugins(&self) -> &[Plugin] {
        &self.plugins
    }

    /// The plugin of that name.
    pub fn plugin(&self, name: &str) -> Option<&Plugin> {
        self.plugins.iter().find(|plugin| plugin.header.name == name)
    }

    /// The files that aren't used.
    pub fn aside(&self) -> &[Aside] {
        &self.aside
    }

    /// What became of the claims of plugin number `plugin`, in their order.
    pub fn standings(&self, plugin: usize) -> &[Standing] {
        &self.standings[plugin]
    }

    /// The manifest; one that says nothing if there is none.
    pub fn manifest(&self) -> &Manifest {
        &self.config.manifest
    }

    /// The record type of extent `name` (without the prefix), its plugin loaded.
    ///
    /// # Errors
    /// The plugin's code isn't taken.
    pub fn extent(&self, name: &str) -> Result<Option<Arc<Call>>, RegistryError> {
        self.extents.get(name).map(|owner| self.load(*owner)).transpose()
    }

    /// The system calls that plugins provide, each with its record type, all plugins loaded.
    ///
    /// # Errors
    /// A plugin's code isn't taken.
    pub fn syscalls(&self) -> Result<Vec<(&str, Arc<Call>)>, RegistryError> {
        let owners = self.syscalls.iter();
        owners.map(|(name, owner)| Ok((name.as_str(), self.load(*owner)?))).collect()
    }

    /// The system calls of which plugins provide some calls, those that are enabled: the first selector that
    /// takes a call says its record type.
    ///
    /// # Errors
    /// A plugin's code isn't taken.
    pub fn selected(&self) -> Result<Vec<Selected<'_>>, RegistryError> {
        let enabled = self.selected.iter().filter(|(call, _, owner)| {
            let (claim, plugin) = self.claim(*owner);
            self.config.enabled(call, claim, plugin).is_ok()
        });
        let loaded = enabled
            .map(|(call, selector, owner)| Ok((call.as_str(), *selector, self.load(*owner)?)));
        loaded.collect()
    }

    /// All record types, those that no system call makes too, by their extents' names; all plugins
    /// loaded.
    ///
    /// # Errors
    /// A plugin's code isn't taken.
    pub fn extents(&self) -> Result<Vec<Arc<Call>>, RegistryError> {
        self.extents.values().map(|owner| self.load(*owner)).collect()
    }

    fn load(&self, owner: Owner) -> Result<Arc<Call>, RegistryError> {
        Ok(self.plugins[owner.plugin].calls()?[owner.claim].clone())
    }

    /// A claim, and its plugin's name.
    fn claim(&self, owner: Owner) -> (&Claim, &str) {
        let header = &self.plugins[owner.plugin].header;
        (&header.claims[owner.claim], &header.name)
    }

    /// Whether the record type of extent `name` is enabled: the system calls that are recorded in it
    /// must be, or if there are none, the type itself.
    ///
    /// # Errors
    /// What disabled it.
    pub fn extent_enabled(&self, name: &str) -> Result<(), Disabled> {
        let Some(owner) = self.extents.get(name) else { return Ok(()) };
        let (claim, plugin) = self.claim(*owner);
        match claim.syscalls.as_slice() {
            [] => self.config.enabled(name, claim, plugin),
            calls => {
                calls.iter().try_for_each(|call| self.config.enabled(&call.call, claim, plugin))
            }
        }
    }

    /// Whether system call `name` is enabled.
    ///
    /// # Errors
    /// What disabled it.
    pub fn syscall_enabled(&self, name: &str) -> Result<(), Disabled> {
        self.syscalls.get(name).map_or(Ok(()), |owner| {
            let (claim, plugin) = self.claim(*owner);
            self.config.enabled(name, claim, plugin)
        })
    }
}
