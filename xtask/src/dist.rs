//! What people install: `dist/bin`, `dist/plugins` and the manifest.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::cargo::{cargo, root, run, target};

/// The programs.
const PROGRAMS: [&str; 3] = ["dstool", "recorder", "replayer"];

/// Builds everything and lays it out; returns the folder.
///
/// # Errors
/// It can't be built or copied.
pub fn lay_out() -> Result<PathBuf> {
    run(&mut cargo(&["build", "--release", "--workspace"]))?;
    let dist = root().join("dist");
    let built = target().join("release");
    for folder in ["bin", "plugins"] {
        let folder = dist.join(folder);
        // A plugin that is no more must not stay.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    for program in PROGRAMS {
        copy(&built.join(program), &dist.join("bin").join(program))?;
    }
    for name in plugins()? {
        let library = format!("libplugin_{name}.so");
        copy(&built.join(&library), &dist.join("plugins").join(&library))?;
    }
    copy(&root().join("plugin-manifest.toml"), &dist.join("plugin-manifest.toml"))?;
    Ok(dist)
}

/// The names of our plugins.
///
/// # Errors
/// Their folder can't be read.
pub fn plugins() -> Result<Vec<String>> {
    let folder = root().join("plugins");
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries.flatten().filter(|entry| entry.path().join("Cargo.toml").is_file()) {
        names.push(entry.file_name().to_string_lossy().replace('-', "_"));
    }
    names.sort();
    Ok(names)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .map(drop)
        .map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))
}
