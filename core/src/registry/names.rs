//! The names that people give: each means a plugin, a call or a record type, or somebody is told.

use super::config::Config;
use super::{Registry, RegistryError};
use crate::settings::SettingError;

impl Registry {
    /// Every name that was given means something.
    pub(super) fn check_names(&self) -> Result<(), RegistryError> {
        let Config { manifest, disable, only, sets, .. } = &*self.config;
        let given = [(disable, "--disable"), (only, "--only")];
        let given = given.iter().flat_map(|(names, from)| names.iter().map(|name| (name, *from)));
        for (name, from) in given {
            if !self.is_name(name) {
                let (name, from) = (name.clone(), from.to_owned());
                return Err(RegistryError::UnknownName { name, from });
            }
        }
        let set = sets.iter().find(|set| self.plugin(&set.plugin).is_none());
        if let Some(set) = set {
            let message = "no plugin has that name".to_owned();
            return Err(SettingError::CommandLine { set: set.clone(), message }.into());
        }
        for (call, entry) in &manifest.syscall {
            let Some(chosen) = &entry.plugin else { continue };
            let Some(plugin) = self.plugin(chosen.get_ref()) else {
                let message = format!("no plugin is named `{}`", chosen.get_ref());
                return Err(manifest.invalid(chosen.span(), message).into());
            };
            let mut claims = plugin.header.claims.iter();
            if !claims.any(|claim| claim.names().any(|name| name == call.get_ref())) {
                let (plugin, call) = (chosen.get_ref(), call.get_ref());
                let message = format!("plugin {plugin} doesn't provide `{call}`");
                return Err(manifest.invalid(chosen.span(), message).into());
            }
        }
        Ok(())
    }

    /// Whether a plugin, a call or an extent has that name.
    fn is_name(&self, name: &str) -> bool {
        self.syscalls.contains_key(name)
            || self.extents.contains_key(name)
            || self.selected.iter().any(|(call, ..)| call == name)
            || self.plugin(name).is_some()
    }

    /// What the manifest says of plugins and calls that aren't there: it has no effect.
    pub fn notes(&self) -> Vec<String> {
        let manifest = &self.config.manifest;
        let of_plugins = manifest.plugin.iter().filter(|(name, entry)| {
            // A pin is no wish that the plugin were there.
            let wishes = entry.enabled.is_some() || entry.priority.is_some();
            (wishes || !entry.options.is_empty()) && self.plugin(name.get_ref()).is_none()
        });
        let of_plugins = of_plugins.map(|(name, _)| {
            format!("{}: no plugin is named `{}` here", manifest.place(name.span()), name.get_ref())
        });
        let of_calls = manifest.syscall.keys().filter(|name| !self.is_name(name.get_ref()));
        let of_calls = of_calls.map(|name| {
            let (place, name) = (manifest.place(name.span()), name.get_ref());
            format!("{place}: no plugin provides a call `{name}` here")
        });
        of_plugins.chain(of_calls).collect()
    }
}
