//! What people say of plugins and calls: the manifest and the command line put together.

use std::collections::BTreeSet;

use super::{Places, PluginOptions, RegistryError, search};
use crate::loader::Claim;
use crate::manifest::{ByDefault, Manifest};
use crate::settings::Set;

/// What people say of plugins and calls: the manifest and the command line.
#[derive(Debug, Default)]
pub struct Config {
    pub(super) manifest: Manifest,
    pub(super) disable: BTreeSet<String>,
    pub(super) only: BTreeSet<String>,
    pub(super) sets: Vec<Set>,
    pub(super) allow_unsafe: bool,
}

/// Why a call isn't enabled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disabled(pub String);

impl Config {
    pub(super) fn new(options: &PluginOptions) -> Result<Self, RegistryError> {
        let manifest = search::manifest(options)?;
        if let Some(path) = manifest.path().filter(|_| !options.allow_unsafe_plugins)
            && let Some(danger) = Places::now().danger(path)
        {
            return Err(RegistryError::UnsafeManifest { path: path.to_owned(), danger });
        }
        let given =
            |names: &[String]| names.iter().filter(|name| !name.is_empty()).cloned().collect();
        let sets = options.set.iter().filter(|text| !text.is_empty());
        let sets = sets.map(|text| {
            let set: Result<Set, String> = text.parse();
            set.map_err(|why| RegistryError::Set { text: text.clone(), why })
        });
        Ok(Self {
            disable: given(&options.disable),
            only: given(&options.only),
            sets: sets.collect::<Result<_, _>>()?,
            allow_unsafe: options.allow_unsafe_plugins || manifest.allow_unsafe_plugins,
            manifest,
        })
    }

    /// The plugins that the manifest chooses for what `claim` is for.
    pub(super) fn chosen(&self, claim: &Claim) -> impl Iterator<Item = &str> {
        claim.names().filter_map(|name| {
            let entry = self.manifest.syscall.get(name)?;
            entry.plugin.as_ref().map(|plugin| plugin.get_ref().as_str())
        })
    }

    /// Whether any of the calls that are recorded as `claim` of plugin `plugin` are enabled.
    pub(super) fn is_enabled(&self, claim: &Claim, plugin: &str) -> bool {
        match claim.syscalls.as_slice() {
            [] => self.enabled(&claim.extent, claim, plugin).is_ok(),
            calls => calls.iter().any(|call| self.enabled(&call.call, claim, plugin).is_ok()),
        }
    }

    /// Whether call or extent `name`, which is recorded as `claim` of plugin `plugin`, is enabled.
    pub(super) fn enabled(&self, name: &str, claim: &Claim, plugin: &str) -> Result<(), Disabled> {
        let names = [name, &claim.extent, plugin];
        let named = |set: &BTreeSet<String>| names.iter().any(|name| set.contains(*name));
        if named(&self.disable) {
            return Err(Disabled("--disable".to_owned()));
        }
        if !self.only.is_empty() {
            return if named(&self.only) { Ok(()) } else { Err(Disabled("--only".to_owned())) };
        }
        let of_syscall = self.manifest.syscall.get(name).and_then(|entry| entry.enabled);
        let of_plugin = self.manifest.plugin.get(plugin).and_then(|entry| entry.enabled);
        let by_default = self.manifest.default == ByDefault::Enabled;
        if of_syscall.or(of_plugin).unwrap_or(by_default) {
            Ok(())
        } else {
            Err(Disabled("the manifest".to_owned()))
        }
    }

    /// Whether people set something of plugin `name`.
    pub(super) fn sets(&self, name: &str) -> bool {
        let entry = self.manifest.plugin.get(name);
        entry.is_some_and(|entry| !entry.options.is_empty())
            || self.sets.iter().any(|set| set.plugin == name)
    }
}
