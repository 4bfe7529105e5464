//! Which plugin has which call: the manifest, the command line and the plugins' headers put together.
//!
//! Opening a registry reads headers only. A plugin's code is loaded when the first of its calls is
//! asked for, or if people set something of it.

mod safety;
mod search;
mod settle;
mod words;

use std::cell::OnceCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use replay_schema::{Call, Selector};
use sha2::{Digest, Sha256};

pub use safety::danger;
use settle::Owner;
pub use settle::Standing;
pub use words::{FOLDERS_VARIABLE, PluginOptions, path};

use crate::crash::InPlugin;
use crate::loader::{self, Claim, Loaded, Loader, PluginHeader, Refused};
use crate::manifest::{ByDefault, Manifest, ManifestError, Pin};
use crate::misdeed::OnPluginError;
use crate::settings::{self, Origin, Set, SettingError, Value};

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

/// What people say of plugins and calls: the manifest and the command line.
#[derive(Debug, Default)]
pub struct Config {
    manifest: Manifest,
    disable: BTreeSet<String>,
    only: BTreeSet<String>,
    sets: Vec<Set>,
    allow_unsafe: bool,
}

/// Why a call isn't enabled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disabled(pub String);

impl Config {
    fn new(options: &PluginOptions) -> Result<Self, RegistryError> {
        let manifest = search::manifest(options)?;
        if let Some(path) = manifest.path().filter(|_| !options.allow_unsafe_plugins)
            && let Some(danger) = danger(path)
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
    fn chosen(&self, claim: &Claim) -> impl Iterator<Item = &str> {
        let whole = claim.syscalls.iter().filter(|claimed| claimed.selector.is_none());
        let names = whole.map(|claimed| &*claimed.call).chain([&*claim.extent]);
        names.filter_map(|name| {
            let entry = self.manifest.syscall.get(name)?;
            entry.plugin.as_ref().map(|plugin| plugin.get_ref().as_str())
        })
    }

    /// Whether any of the calls that are recorded as `claim` of plugin `plugin` are enabled.
    fn is_enabled(&self, claim: &Claim, plugin: &str) -> bool {
        match claim.syscalls.as_slice() {
            [] => self.enabled(&claim.extent, claim, plugin).is_ok(),
            calls => calls.iter().any(|call| self.enabled(&call.call, claim, plugin).is_ok()),
        }
    }

    /// Whether call or extent `name`, which is recorded as `claim` of plugin `plugin`, is enabled.
    fn enabled(&self, name: &str, claim: &Claim, plugin: &str) -> Result<(), Disabled> {
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
    fn sets(&self, name: &str) -> bool {
        let entry = self.manifest.plugin.get(name);
        entry.is_some_and(|entry| !entry.options.is_empty())
            || self.sets.iter().any(|set| set.plugin == name)
    }
}

/// A plugin's code, with the values of its options.
type Ready = (Loaded, Vec<(Value, Origin)>);

/// A system call of which a plugin has some calls, which those are, and their record type.
pub type Selected<'r> = (&'r str, Selector, Arc<Call>);

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

    fn loaded(&self) -> Result<&Ready, RegistryError> {
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

    /// The same, with what can't be taken put aside; see [`Registry::aside`].
    ///
    /// # Errors
    /// A folder or manifest that can't be used, or no plugin at all.
    pub fn survey(options: &PluginOptions) -> Result<Self, RegistryError> {
        let config = Arc::new(Config::new(options)?);
        let folders = search::folders(options, &config.manifest)?;
        // Those that the manifest names are in no folder: each is on its own, before all of them.
        let named = config.manifest.plugin.values().filter_map(|entry| entry.path.clone());
        let mut files: Vec<(usize, PathBuf)> = named.map(|path| (0, path)).collect();
        for (number, folder) in folders.iter().enumerate() {
            files.extend(search::libraries(folder)?.into_iter().map(|path| (number + 1, path)));
        }
        if files.is_empty() {
            return Err(RegistryError::Empty(folders));
        }
        let mut registry = Self {
            plugins: Vec::new(),
            aside: Vec::new(),
            standings: Vec::new(),
            extents: BTreeMap::new(),
            syscalls: BTreeMap::new(),
            selected: Vec::new(),
            config,
        };
        let loader = Arc::new(Loader::default());
        let mut seen = BTreeSet::new();
        let mut by_name: HashMap<String, (usize, PathBuf)> = HashMap::new();
        for (folder, path) in files {
            if !seen.insert(fs::canonicalize(&path).unwrap_or_else(|_| path.clone())) {
                continue;
            }
            match registry.examine(&path) {
                Err(unusable) => {
                    let (header, refused) = *unusable;
                    registry.aside.push(Aside { path, header, why: Why::Refused(refused) });
                }
                Ok(header) => match by_name.get(&header.name) {
                    Some((first, other)) => {
                        let (name, other) = (header.name.clone(), other.clone());
                        let why = match *first == folder {
                            true => Why::Refused(Refused::SameName { name, other }),
                            false => Why::Shadowed(other),
                        };
                        registry.aside.push(Aside { path, header: Some(header), why });
                    }
                    None => {
                        by_name.insert(header.name.clone(), (folder, path.clone()));
                        let (config, loader) = (registry.config.clone(), loader.clone());
                        let loaded = OnceCell::new();
                        registry.plugins.push(Plugin { path, header, config, loader, loaded });
                    }
                },
            }
        }
        registry.settle();
        Ok(registry)
    }

    /// The header of the plugin in file `path`, if it may be taken.
    fn examine(&self, path: &Path) -> Result<PluginHeader, Box<(Option<PluginHeader>, Refused)>> {
        if !self.config.allow_unsafe
            && let Some(danger) = danger(path)
        {
            return Err(Box::new((None, Refused::Unsafe(danger))));
        }
        let header = loader::read_header(path).map_err(|refused| Box::new((None, refused)))?;
        let manifest = &self.config.manifest;
        let pinned = manifest.plugin.get(header.name.as_str()).and_then(|entry| entry.sha256);
        if pinned.is_none() && !manifest.require_pins {
            return Ok(header);
        }
        let refused = match (fingerprint(path), pinned) {
            (Err(error), _) => error.into(),
            (Ok(found), Some(pinned)) if found == pinned => return Ok(header),
            (Ok(found), Some(pinned)) => Refused::Pin { found, pinned },
            (Ok(found), None) => Refused::NotPinned { name: header.name.clone(), found },
        };
        Err(Box::new((Some(header), refused)))
    }

    /// Decides who has which call.
    fn settle(&mut self) {
        let headers: Vec<_> = self.plugins.iter().map(|plugin| &plugin.header).collect();
        self.standings = settle::settle(&headers, &self.config);
        for (plugin, standings) in self.standings.iter().enumerate() {
            let Plugin { path, header, .. } = &self.plugins[plugin];
            for (claim, standing) in standings.iter().enumerate() {
                match standing {
                    Standing::Serves => {
                        let owner = Owner { plugin, claim };
                        let Claim { extent, syscalls } = &header.claims[claim];
                        self.extents.insert(extent.clone(), owner);
                        for claimed in syscalls {
                            let call = claimed.call.clone();
                            match claimed.selector {
                                None => drop(self.syscalls.insert(call, owner)),
                                Some(selector) => self.selected.push((call, selector, owner)),
                            }
                        }
                    }
                    Standing::Yields { .. } => {}
                    Standing::Tie { with, call } => {
                        let by = &self.plugins[*with];
                        let by = format!("{} ({})", by.header.name, by.path.display());
                        let why = Why::Refused(Refused::Taken { call: call.clone(), by });
                        let (path, header) = (path.clone(), Some(header.clone()));
                        self.aside.push(Aside { path, header, why });
                    }
                }
            }
        }
        // Of two that mean the same call, the narrower one is asked first.
        self.selected
            .sort_by_key(|(call, selector, _)| (call.clone(), Reverse(selector.mask.count_ones())));
    }

    /// Every name that was given means something.
    fn check_names(&self) -> Result<(), RegistryError> {
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
            let is_meant = |claim: &Claim| {
                let mut whole = claim.syscalls.iter().filter(|claimed| claimed.selector.is_none());
                claim.extent == *call.get_ref()
                    || whole.any(|claimed| claimed.call == *call.get_ref())
            };
            if !plugin.header.claims.iter().any(is_meant) {
                let (plugin, call) = (chosen.get_ref(), call.get_ref());
                let message = format!("plugin {plugin} doesn't provide `{call}`");
                return Err(manifest.invalid(chosen.span(), message).into());
            }
        }
        Ok(())
    }

    /// What the manifest says is to be done when a plugin misbehaves.
    pub fn on_plugin_error(&self) -> Option<OnPluginError> {
        self.config.manifest.on_plugin_error
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

/// The SHA-256 of file `path`.
///
/// # Errors
/// It can't be read.
pub fn fingerprint(path: &Path) -> std::io::Result<Pin> {
    Ok(Pin(Sha256::digest(fs::read(path)?).into()))
}
