//! What people install: programs in `dist/bin`, plugins and their manifest, the header for plugins in C, the SDK's
//! packages, and the library for tracers in C.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cargo::{cargo, root, run, target};
use crate::{Result, header, package};

/// The programs.
const PROGRAMS: [&str; 4] = ["dstool", "recorder", "replayer", "strace2ds"];

/// The library with the code of all plugins, beneath the plugin folder. The hosts look for plugins in the
/// folder itself only.
const STOCK: &str = "shared/libstock.so";

/// The packages that aren't a plugin's. Those are compiled into one library, which takes a tenth of the time
/// that a library each would.
const BUT_PLUGINS: [&str; 3] = ["--workspace", "--exclude", "plugin-*"];

/// Adds the words that build all but the plugins' own libraries, their code in one.
pub fn all(command: &mut Command) -> &mut Command {
    command.args(BUT_PLUGINS).args(["--features", "replay-stock/plugins"])
}

/// Builds what tests run: programs, and plugins in a folder beside them.
///
/// # Errors
/// It can't be built or laid out.
pub fn for_tests() -> Result<()> {
    run(all(&mut cargo(&["build"])))?;
    let built = target().join("debug");
    let folder = built.join("plugins-under-test");
    // A plugin that is no more must not stay.
    let _ = fs::remove_dir_all(&folder);
    lay_out_plugins(&built, &folder)
}

/// Builds everything and lays it out; returns the folder.
///
/// # Errors
/// It can't be built or copied.
pub fn lay_out() -> Result<PathBuf> {
    let programs = ["-p", "replay-core", "-p", "replay-recorder", "-p", "replay-tests"];
    run(cargo(&["build", "--release", "--bins"]).args(programs))?;
    run(&mut cargo(&["build", "--release", "-p", "libstrace2ds"]))?;
    let stock = ["-p", "replay-stock", "--features", "replay-stock/plugins"];
    run(cargo(&["build", "--release"]).args(stock))?;
    let dist = root().join("dist");
    let built = target().join("release");
    for folder in ["bin", "plugins", "include", "lib/pkgconfig"] {
        let folder = dist.join(folder);
        // A plugin that is no more must not stay.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    for program in PROGRAMS {
        copy(&built.join(program), &dist.join("bin").join(program))?;
    }
    lay_out_plugins(&built, &dist.join("plugins"))?;
    copy(&root().join(header::PATH), &dist.join("include/replay_plugin.h"))?;
    library(&built, &dist)?;
    package::lay_out(&dist.join("sdk"))?;
    copy(&root().join("plugin-manifest.toml"), &dist.join("plugin-manifest.toml"))?;
    Ok(dist)
}

/// The library for tracers in C, with its header and what pkg-config(1) tells of it.
fn library(built: &Path, dist: &Path) -> Result<()> {
    let sources = root().join("recorder/libstrace2ds");
    copy(&sources.join("include/strace2ds.h"), &dist.join("include/strace2ds.h"))?;
    for name in ["libstrace2ds.so", "libstrace2ds.a"] {
        copy(&built.join(name), &dist.join("lib").join(name))?;
    }
    let (from, to) = (sources.join("strace2ds.pc"), dist.join("lib/pkgconfig/strace2ds.pc"));
    let text = fs::read_to_string(&from).map_err(|error| format!("{}: {error}", from.display()))?;
    let text = text.replace("@VERSION@", env!("CARGO_PKG_VERSION"));
    fs::write(&to, text).map_err(|error| format!("{}: {error}", to.display()))
}

/// The names of our plugins.
///
/// # Errors
/// Their folder can't be read.
pub fn plugins() -> Result<Vec<String>> {
    folders("plugins")
}

/// The names of the packages in `folder`.
fn folders(folder: &str) -> Result<Vec<String>> {
    let folder = root().join(folder);
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let packages = entries.flatten().filter(|entry| entry.path().join("Cargo.toml").is_file());
    let mut names: Vec<_> =
        packages.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}

/// A file for each plugin, and their code in one library.
fn lay_out_plugins(built: &Path, folder: &Path) -> Result<()> {
    let library = folder.join(STOCK);
    let shared = library.parent().expect("it is in a folder");
    fs::create_dir_all(shared).map_err(|error| format!("{}: {error}", shared.display()))?;
    copy(&built.join("libreplay_stock.so"), &library)?;
    run(Command::new(built.join("stubs")).arg(&library).arg(STOCK).arg(folder))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .map(drop)
        .map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))
}
