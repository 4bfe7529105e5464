//! From files to a registry: which plugins are there, which of them may be taken, and who has which call.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::config::Config;
use super::settle::{self, Owner};
use super::{Aside, Places, Plugin, PluginOptions, Registry, RegistryError, Standing, Why, search};
use crate::loader::{self, Claim, Loader, PluginHeader, Refused};
use crate::manifest::{Manifest, Pin};

/// A file that may be a plugin.
struct Candidate {
    /// Number of its folder, in the order of the search; 0 if the manifest names it.
    folder: usize,
    path: PathBuf,
    /// The plugin's name in the manifest, if that names the file, and where.
    named: Option<(String, String)>,
}

/// The files that may be plugins, those first that come first.
///
/// # Errors
/// A folder that can't be used, or no file at all.
fn candidates(
    options: &PluginOptions,
    manifest: &Manifest,
) -> Result<Vec<Candidate>, RegistryError> {
    let folders = search::folders(options, manifest)?;
    // Those that the manifest names are in no folder: each is on its own, before all of them.
    let named = manifest.plugin.iter().filter_map(|(name, entry)| {
        let path = entry.path.as_ref()?;
        let named = Some((name.get_ref().clone(), manifest.place(path.span())));
        Some(Candidate { folder: 0, path: path.get_ref().clone(), named })
    });
    let mut candidates: Vec<_> = named.collect();
    for (number, folder) in folders.iter().enumerate() {
        let found = search::libraries(folder)?.into_iter();
        candidates.extend(found.map(|path| Candidate { folder: number + 1, path, named: None }));
    }
    if candidates.is_empty() { Err(RegistryError::Empty(folders)) } else { Ok(candidates) }
}

impl Registry {
    /// The same as [`Registry::open`], with what can't be taken put aside; see [`Registry::aside`].
    ///
    /// # Errors
    /// A folder or manifest that can't be used, or no plugin at all.
    pub fn survey(options: &PluginOptions) -> Result<Self, RegistryError> {
        let config = Arc::new(Config::new(options)?);
        let candidates = candidates(options, &config.manifest)?;
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
        let (mut places, mut seen) = (Places::now(), BTreeSet::new());
        let mut by_name: HashMap<String, (usize, PathBuf)> = HashMap::new();
        for candidate in candidates {
            let real = places.real(&candidate.path);
            if !seen.insert(real.clone()) {
                continue;
            }
            let examined = registry.examine(&candidate, &real, &mut places);
            let Candidate { folder, path, .. } = candidate;
            match examined {
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
                        registry.plugins.push(Plugin::new(path, header, config, loader));
                    }
                },
            }
        }
        registry.settle();
        Ok(registry)
    }

    /// The header of the plugin in the file of `candidate`, which is really at `real`, if it may be taken.
    fn examine(
        &self,
        candidate: &Candidate,
        real: &Path,
        places: &mut Places,
    ) -> Result<PluginHeader, Box<(Option<PluginHeader>, Refused)>> {
        let mut check = |path: &Path| match places.danger(path) {
            Some(danger) if !self.config.allow_unsafe => Err(Refused::Unsafe(danger)),
            _ => Ok(()),
        };
        let Candidate { path, named, .. } = candidate;
        if let Some((_, place)) = named
            && !path.exists()
        {
            return Err(Box::new((None, Refused::NotThere { place: place.clone() })));
        }
        check(path).map_err(|refused| (None, refused))?;
        let header = loader::read_header(path, real).map_err(|refused| (None, refused))?;
        if let Some((taken_for, place)) = named
            && *taken_for != header.name
        {
            let (name, taken_for, place) = (header.name.clone(), taken_for.clone(), place.clone());
            return Err(Box::new((Some(header), Refused::OtherName { name, taken_for, place })));
        }
        if let Some(code) = &header.code
            && let Err(refused) = check(&code.path)
        {
            return Err(Box::new((Some(header), refused)));
        }
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
}

/// The SHA-256 of file `path`.
///
/// # Errors
/// It can't be read.
pub fn fingerprint(path: &Path) -> std::io::Result<Pin> {
    let (mut file, mut digest) = (File::open(path)?, Sha256::new());
    let mut piece = vec![0; 64 << 10];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(Pin(digest.finalize().into())),
            count => digest.update(&piece[..count]),
        }
    }
}
