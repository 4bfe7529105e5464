//! A plugin's file: one that is taken, whose code is loaded when it is first needed, or one that is put aside.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::Arc;

use replay_schema::Call;

use super::RegistryError;
use super::config::Config;
use crate::crash::InPlugin;
use crate::loader::{Loaded, Loader, PluginHeader, Refused};
use crate::settings::{self, Origin, Value};

/// A plugin's code, with the values of its options.
type Ready = (Loaded, Vec<(Value, Origin)>);

/// One plugin.
#[derive(Debug)]
pub struct Plugin {
    /// Its file.
    pub path: PathBuf,
    /// Its names and versions.
    pub header: PluginHeader,
    config: Arc<Config>,
    loader: Arc<Loader>,
    loaded: OnceCell<Ready>,
}

impl Plugin {
    /// The plugin in file `path`, not loaded yet.
    pub(super) fn new(
        path: PathBuf,
        header: PluginHeader,
        config: Arc<Config>,
        loader: Arc<Loader>,
    ) -> Self {
        Self { path, header, config, loader, loaded: OnceCell::new() }
    }

    /// Its calls; loads it if nobody did before.
    ///
    /// # Errors
    /// Its code isn't taken, or it can't be set as people want it.
    pub fn calls(&self) -> Result<&[Arc<Call>], RegistryError> {
        Ok(&self.loaded()?.0.calls)
    }

    /// Its options, each with its value and where that comes from; loads it if nobody did before.
    ///
    /// # Errors
    /// As [`Plugin::calls`].
    pub fn options(
        &self,
    ) -> Result<impl Iterator<Item = (&settings::Declared, &Value, &Origin)>, RegistryError> {
        let (loaded, values) = self.loaded()?;
        Ok(loaded.options.iter().zip(values).map(|(option, (value, from))| (option, value, from)))
    }

    pub(super) fn loaded(&self) -> Result<&Ready, RegistryError> {
        if let Some(loaded) = self.loaded.get() {
            return Ok(loaded);
        }
        let loaded = self
            .loader
            .load(&self.path, &self.header)
            .map_err(|refused| RegistryError::Refused { path: self.path.clone(), refused })?;
        let Config { manifest, sets, .. } = &*self.config;
        let set = settings::values(&self.header.name, &loaded.options, manifest, sets)?;
        if !loaded.options.is_empty() {
            let values: Vec<Value> = set.iter().map(|(value, _)| value.clone()).collect();
            let _in_plugin = InPlugin::loading(&self.path);
            loaded.configure(&values);
        }
        Ok(self.loaded.get_or_init(|| (loaded, set)))
    }
}

/// A file that was found and isn't used.
#[derive(Debug)]
pub struct Aside {
    /// The file.
    pub path: PathBuf,
    /// What its header says, if that could be read.
    pub header: Option<PluginHeader>,
    /// Why it isn't used.
    pub why: Why,
}

/// Why a file isn't used.
#[derive(Debug)]
pub enum Why {
    /// It can't be taken.
    Refused(Refused),
    /// The plugin of its name in this file is taken: its folder comes first, or the manifest names it.
    Shadowed(PathBuf),
}
