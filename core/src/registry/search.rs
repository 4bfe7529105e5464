//! Where plugins and the manifest are.
//!
//! Folders, the first of these that names any: `--plugins`, the environment (`REPLAYER_PLUGINS`), the
//! manifest's `search`, and what an installation has: `$prefix/lib/replayer/plugins`, `plugins` beside the
//! programs, `$prefix/plugins`, of which the first that is there. `$prefix` is the folder above the programs'.

use std::fs;
use std::path::{Path, PathBuf};

use super::words::FOLDERS_VARIABLE;
use super::{PluginOptions, RegistryError};
use crate::loader::installed_folders;
use crate::manifest::Manifest;

/// The folder that the running program is in.
fn programs() -> Option<PathBuf> {
    Some(std::env::current_exe().ok()?.parent()?.to_owned())
}

/// The manifest to use: one that is named, else the installation's, else an empty one.
///
/// # Errors
/// It can't be used.
pub fn manifest(options: &PluginOptions) -> Result<Manifest, RegistryError> {
    let named = options.manifest.clone().filter(|path| !path.as_os_str().is_empty());
    let path = named.or_else(|| {
        let programs = programs()?;
        let prefix = programs.parent()?;
        let usual = [prefix.join("lib/replayer"), prefix.to_owned()];
        usual.map(|folder| folder.join("plugin-manifest.toml")).into_iter().find(|p| p.is_file())
    });
    Ok(path.map(|path| Manifest::read(&path)).transpose()?.unwrap_or_default())
}

/// The folders to search, in order.
///
/// # Errors
/// There are none.
pub fn folders(
    options: &PluginOptions,
    manifest: &Manifest,
) -> Result<Vec<PathBuf>, RegistryError> {
    let named = &options.plugins;
    if named.is_empty() {
        return otherwise(manifest);
    }
    // Words of the command line hide those of the variable, and come before them.
    let variable = std::env::var_os(FOLDERS_VARIABLE).unwrap_or_default();
    let of_variable: Vec<_> = std::env::split_paths(&variable).collect();
    if of_variable.is_empty() || of_variable == *named {
        return expanded(named, || otherwise(manifest));
    }
    expanded(named, || expanded(&of_variable, || otherwise(manifest)))
}

/// Folders `named`, an empty name standing for those that there are `otherwise`.
fn expanded(
    named: &[PathBuf],
    otherwise: impl Fn() -> Result<Vec<PathBuf>, RegistryError>,
) -> Result<Vec<PathBuf>, RegistryError> {
    let mut folders = Vec::new();
    for folder in named {
        if folder.as_os_str().is_empty() {
            folders.extend(otherwise()?);
        } else {
            folders.push(folder.clone());
        }
    }
    Ok(folders)
}

/// The folders if none are named.
fn otherwise(manifest: &Manifest) -> Result<Vec<PathBuf>, RegistryError> {
    if !manifest.search.is_empty() {
        return Ok(manifest.search.clone());
    }
    let usual = installed_folders();
    match usual.iter().find(|folder| folder.is_dir()) {
        Some(folder) => Ok(vec![folder.clone()]),
        None if manifest.plugin.values().any(|plugin| plugin.path.is_some()) => Ok(Vec::new()),
        None => Err(RegistryError::NoFolder(usual.to_vec())),
    }
}

/// The libraries in `folder`, sorted by name.
///
/// # Errors
/// It can't be read.
pub fn libraries(folder: &Path) -> Result<Vec<PathBuf>, RegistryError> {
    let failed = |error| RegistryError::Folder { path: folder.to_owned(), error };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "so") {
            found.push(path);
        }
    }
    // As paths they would be taken apart for each comparison.
    found.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    Ok(found)
}
