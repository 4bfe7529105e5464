//! Which plugin has which call: the manifest, the command line and the plugins' headers put together.
//!
//! Opening a registry reads headers only. A plugin's code is loaded when the first of its calls is
//! asked for.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use replay_schema::Call;
use sha2::{Digest, Sha256};

use crate::loader::{self, Claim, Loader, PluginHeader, Refused};
use crate::manifest::{ByDefault, Manifest, ManifestError};
use crate::misdeed::OnPluginError;

/// Environment variable that names folders with plugins, separated by colons.
pub const FOLDERS_VARIABLE: &str = "REPLAYER_PLUGINS";

/// The options that say which plugins there are, common to all programs that load them.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Plugins")]
pub struct PluginOptions {
    /// Folder with plugins; may be given more than once
    #[arg(long, value_name = "DIR", env = FOLDERS_VARIABLE, value_delimiter = ':')]
    pub plugins: Vec<PathBuf>,
    /// Which plugins serve which calls [default: plugin-manifest.toml above the program's folder]
    #[arg(long, value_name = "FILE")]
    pub manifest: Option<PathBuf>,
    /// Calls or plugins to switch off, separated by commas
    #[arg(long, value_name = "CALLS", value_delimiter = ',')]
    pub disable: Vec<String>,
    /// Switch off all other calls and plugins than these
    #[arg(long, value_name = "CALLS", value_delimiter = ',')]
    pub only: Vec<String>,
}

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
    /// A name on the command line or in the manifest that nothing has.
    #[error("{name}: no plugin has that name, and none provides a call of that name ({from})")]
    UnknownName {
        /// The name.
        name: String,
        /// Where it was given.
        from: String,
    },
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// One plugin.
#[derive(Debug)]
pub struct Plugin {
    /// Its file.
    pub path: PathBuf,
    /// Its names and versions.
    pub header: PluginHeader,
    calls: OnceCell<Vec<Arc<Call>>>,
}

impl Plugin {
    /// Its calls; loads it if nobody did before.
    ///
    /// # Errors
    /// Its code isn't taken.
    fn calls(&self, loader: &Loader) -> Result<&[Arc<Call>], RegistryError> {
        if let Some(calls) = self.calls.get() {
            return Ok(calls);
        }
        let calls = loader
            .load(&self.path, &self.header)
            .map_err(|refused| RegistryError::Refused { path: self.path.clone(), refused })?;
        Ok(self.calls.get_or_init(|| calls))
    }
}

/// Why a call isn't enabled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disabled(pub String);

/// Who has a system call.
#[derive(Clone, Copy, Debug)]
struct Owner {
    plugin: usize,
    claim: usize,
}

/// The plugins and what each provides.
#[derive(Debug)]
pub struct Registry {
    loader: Loader,
    plugins: Vec<Plugin>,
    extents: BTreeMap<String, Owner>,
    syscalls: BTreeMap<String, Owner>,
    manifest: Manifest,
    disable: BTreeSet<String>,
    only: BTreeSet<String>,
}

impl Registry {
    /// Finds the plugins that `options` and their manifest name, and settles who has which call.
    ///
    /// # Errors
    /// A folder, manifest or plugin that can't be used, named.
    pub fn open(options: &PluginOptions) -> Result<Self, RegistryError> {
        let manifest = match options.manifest.clone().or_else(default_manifest) {
            Some(path) => Manifest::read(&path)?,
            None => Manifest::default(),
        };
        let folders = folders(options, &manifest)?;
        let mut files = Vec::new();
        for folder in &folders {
            files.extend(libraries(folder)?);
        }
        files.extend(manifest.plugin.values().filter_map(|plugin| plugin.path.clone()));
        if files.is_empty() {
            return Err(RegistryError::Empty(folders));
        }
        let mut registry = Self {
            loader: Loader::default(),
            plugins: Vec::new(),
            extents: BTreeMap::new(),
            syscalls: BTreeMap::new(),
            manifest,
            disable: options.disable.iter().cloned().collect(),
            only: options.only.iter().cloned().collect(),
        };
        let mut seen = BTreeSet::new();
        for path in files {
            if seen.insert(fs::canonicalize(&path).unwrap_or_else(|_| path.clone())) {
                registry
                    .add(&path)
                    .map_err(|refused| RegistryError::Refused { path: path.clone(), refused })?;
            }
        }
        registry.check_names()?;
        Ok(registry)
    }

    fn add(&mut self, path: &Path) -> Result<(), Refused> {
        let header = loader::read_header(path)?;
        if let Some(pinned) =
            self.manifest.plugin.get(&header.name).and_then(|plugin| plugin.sha256.clone())
        {
            check_pin(path, pinned)?;
        }
        let plugin = self.plugins.len();
        for (claim, Claim { extent, syscalls }) in header.claims.iter().enumerate() {
            let owner = Owner { plugin, claim };
            let chosen = |call: &String| {
                self.manifest.syscall.get(call).and_then(|entry| entry.plugin.as_deref())
            };
            // The manifest's word on any of the calls decides for the record type that holds them.
            let chosen = syscalls.iter().chain([extent]).find_map(chosen);
            if chosen.is_some_and(|chosen| chosen != header.name) {
                continue;
            }
            let taken = syscalls.iter().find(|call| self.syscalls.contains_key(*call));
            let taken = taken.or_else(|| self.extents.contains_key(extent).then_some(extent));
            if let Some(call) = taken {
                let by = self.syscalls.get(call).or_else(|| self.extents.get(call));
                let by = &self.plugins[by.expect("one of them has it").plugin];
                let by = format!("{} ({})", by.header.name, by.path.display());
                return Err(Refused::Taken { call: call.clone(), by });
            }
            self.extents.insert(extent.clone(), owner);
            self.syscalls.extend(syscalls.iter().map(|call| (call.clone(), owner)));
        }
        self.plugins.push(Plugin { path: path.to_owned(), header, calls: OnceCell::new() });
        Ok(())
    }

    /// Every name that was given means something.
    fn check_names(&self) -> Result<(), RegistryError> {
        let known = |name: &str| {
            self.syscalls.contains_key(name)
                || self.extents.contains_key(name)
                || self.plugins.iter().any(|plugin| plugin.header.name == name)
        };
        let given = [(&self.disable, "--disable"), (&self.only, "--only")];
        let on_command_line =
            given.iter().flat_map(|(names, from)| names.iter().map(|name| (name, *from)));
        let chosen = self.manifest.syscall.values().filter_map(|entry| entry.plugin.as_ref());
        let in_manifest = chosen.map(|name| (name, "the manifest"));
        for (name, from) in on_command_line.chain(in_manifest) {
            if !known(name) {
                let (name, from) = (name.clone(), from.to_owned());
                return Err(RegistryError::UnknownName { name, from });
            }
        }
        Ok(())
    }

    /// What the manifest says is to be done when a plugin misbehaves.
    pub fn on_plugin_error(&self) -> Option<OnPluginError> {
        self.manifest.on_plugin_error
    }

    /// The plugins.
    pub fn plugins(&self) -> &[Plugin] {
        &self.plugins
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

    /// All record types, those that no system call makes too, by their extents' names; all plugins
    /// loaded.
    ///
    /// # Errors
    /// A plugin's code isn't taken.
    pub fn extents(&self) -> Result<Vec<Arc<Call>>, RegistryError> {
        self.extents.values().map(|owner| self.load(*owner)).collect()
    }

    fn load(&self, owner: Owner) -> Result<Arc<Call>, RegistryError> {
        Ok(self.plugins[owner.plugin].calls(&self.loader)?[owner.claim].clone())
    }

    /// Whether the record type of extent `name` is enabled: the system calls that are recorded in it
    /// must be, or if there are none, the type itself.
    ///
    /// # Errors
    /// What disabled it.
    pub fn extent_enabled(&self, name: &str) -> Result<(), Disabled> {
        let Some(owner) = self.extents.get(name) else { return Ok(()) };
        let claim = &self.plugins[owner.plugin].header.claims[owner.claim];
        match claim.syscalls.as_slice() {
            [] => self.enabled(name, *owner),
            calls => calls.iter().try_for_each(|call| self.enabled(call, *owner)),
        }
    }

    /// Whether system call `name` is enabled.
    ///
    /// # Errors
    /// What disabled it.
    pub fn syscall_enabled(&self, name: &str) -> Result<(), Disabled> {
        self.syscalls.get(name).map_or(Ok(()), |owner| self.enabled(name, *owner))
    }

    fn enabled(&self, name: &str, owner: Owner) -> Result<(), Disabled> {
        let header = &self.plugins[owner.plugin].header;
        let names = [name, &header.claims[owner.claim].extent, &header.name];
        let named = |set: &BTreeSet<String>| names.iter().any(|name| set.contains(*name));
        if named(&self.disable) {
            return Err(Disabled("--disable".to_owned()));
        }
        if !self.only.is_empty() {
            return if named(&self.only) { Ok(()) } else { Err(Disabled("--only".to_owned())) };
        }
        let of_syscall = self.manifest.syscall.get(name).and_then(|entry| entry.enabled);
        let of_plugin = self.manifest.plugin.get(&header.name).and_then(|entry| entry.enabled);
        let by_default = self.manifest.default == ByDefault::Enabled;
        if of_syscall.or(of_plugin).unwrap_or(by_default) {
            Ok(())
        } else {
            Err(Disabled("the manifest".to_owned()))
        }
    }
}

fn check_pin(path: &Path, pinned: String) -> Result<(), Refused> {
    let found: String =
        Sha256::digest(fs::read(path)?).iter().map(|byte| format!("{byte:02x}")).collect();
    if found.eq_ignore_ascii_case(&pinned) { Ok(()) } else { Err(Refused::Pin { found, pinned }) }
}

/// The manifest of an installation: beside the folder with the program.
fn default_manifest() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let path = program.parent()?.parent()?.join("plugin-manifest.toml");
    path.is_file().then_some(path)
}

/// The folders to search: those that were named, else those of an installation.
fn folders(options: &PluginOptions, manifest: &Manifest) -> Result<Vec<PathBuf>, RegistryError> {
    if !options.plugins.is_empty() {
        return Ok(options.plugins.clone());
    }
    if !manifest.search.is_empty() {
        return Ok(manifest.search.clone());
    }
    let usual = loader::installed_folders();
    match usual.iter().find(|folder| folder.is_dir()) {
        Some(folder) => Ok(vec![folder.clone()]),
        None if manifest.plugin.values().any(|plugin| plugin.path.is_some()) => Ok(Vec::new()),
        None => Err(RegistryError::NoFolder(usual.to_vec())),
    }
}

/// The libraries in `folder`, sorted by name.
fn libraries(folder: &Path) -> Result<Vec<PathBuf>, RegistryError> {
    let failed = |error| RegistryError::Folder { path: folder.to_owned(), error };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "so") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
