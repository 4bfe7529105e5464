//! From files to a registry: which plugins are there, which of them may be taken, and who has which call.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
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
use crate::side_by_side::side_by_side;

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
        let mut seen = HashSet::new();
        let mut by_name: HashMap<String, (usize, PathBuf)> = HashMap::new();
        let examined = examine_all(&registry.config, &candidates);
        for (candidate, (real, examined)) in candidates.into_iter().zip(examined) {
            if !seen.insert(real.into_os_string()) {
                continue;
            }
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

/// What was found in a file: where it really is, and the plugin's header if it may be taken.
type Examined = (PathBuf, Result<PluginHeader, Box<(Option<PluginHeader>, Refused)>>);

/// Files that are examined by one thread.
const FEW: usize = 64;

/// What is in the files of `candidates`, in their order. Hundreds of files are looked at by several threads.
fn examine_all(config: &Config, candidates: &[Candidate]) -> Vec<Examined> {
    let examine_some = |candidates: &[Candidate]| {
        let mut places = Places::now();
        let each = candidates.iter().map(|candidate| examine(config, candidate, &mut places));
        each.collect::<Vec<_>>()
    };
    side_by_side(candidates, FEW, examine_some).into_iter().flatten().collect()
}

/// What is in the file of `candidate`.
fn examine(config: &Config, candidate: &Candidate, places: &mut Places) -> Examined {
    let (real, danger) = places.real_and_danger(&candidate.path);
    let header = header_of(config, candidate, &real, danger, places);
    (real, header)
}

/// The header of the plugin in the file of `candidate`, which is really at `real`, if it may be taken.
fn header_of(
    config: &Config,
    candidate: &Candidate,
    real: &Path,
    danger: Option<String>,
    places: &mut Places,
) -> Result<PluginHeader, Box<(Option<PluginHeader>, Refused)>> {
    let check = |danger: Option<String>| match danger {
        Some(danger) if !config.allow_unsafe => Err(Refused::Unsafe(danger)),
        _ => Ok(()),
    };
    let Candidate { path, named, .. } = candidate;
    if let Some((_, place)) = named
        && !path.exists()
    {
        return Err(Box::new((None, Refused::NotThere { place: place.clone() })));
    }
    check(danger).map_err(|refused| (None, refused))?;
    let header = loader::read_header(path, real, |path| places.is_file(path));
    let header = header.map_err(|refused| (None, refused))?;
    if let Some((taken_for, place)) = named
        && *taken_for != header.name
    {
        let (name, taken_for, place) = (header.name.clone(), taken_for.clone(), place.clone());
        return Err(Box::new((Some(header), Refused::OtherName { name, taken_for, place })));
    }
    if let Some(code) = &header.code
        && let Err(refused) = check(places.danger(&code.path))
    {
        return Err(Box::new((Some(header), refused)));
    }
    let manifest = &config.manifest;
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
