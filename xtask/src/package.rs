//! The SDK as third parties get it: its packages, as cargo publishes them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::cargo::{cargo, output, root, run, target};

/// The packages that a plugin is built with, each behind those that it needs.
pub const PACKAGES: [&str; 3] = ["replay-abi", "replay-sdk-derive", "replay-sdk"];

/// Where to put them.
#[derive(clap::Args)]
pub struct Arguments {
    /// Folder to unpack the packages in, a folder each [default: dist/sdk]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
}

/// Packs the SDK, and unpacks it where `arguments` say.
///
/// # Errors
/// A package can't be made, or the folder can't be written.
pub fn unpack(arguments: &Arguments) -> Result<()> {
    let folder = arguments.to.clone().unwrap_or_else(|| root().join("dist/sdk"));
    lay_out(&folder)
}

/// Makes the packages, and unpacks each into a folder of its name in `folder`.
///
/// # Errors
/// As [`unpack`].
pub fn lay_out(folder: &Path) -> Result<()> {
    // Whether they build is another question: cargo would build all that they need once more.
    let mut package = cargo(&["package", "--quiet", "--no-verify", "--allow-dirty", "--offline"]);
    // A registry's pages want an address that the project has not.
    package.arg("--no-metadata").arg("--target-dir").arg(target());
    run(package.args(PACKAGES.iter().flat_map(|name| ["-p", name])))?;
    for name in PACKAGES {
        let archive = target().join(format!("package/{name}-{}.crate", version(name)?));
        let to = folder.join(name);
        let failed = |error| format!("{}: {error}", to.display());
        // What a package has no more must not stay.
        if to.exists() {
            fs::remove_dir_all(&to).map_err(failed)?;
        }
        fs::create_dir_all(&to).map_err(failed)?;
        let mut tar = Command::new("tar");
        // As files of now: cargo builds what is newer than it was.
        tar.args(["--extract", "--gzip", "--touch", "--strip-components=1", "--file"]);
        run(tar.arg(&archive).arg("--directory").arg(&to))?;
    }
    println!("{}: {}", folder.display(), PACKAGES.join(", "));
    Ok(())
}

/// The version of package `name` of the workspace.
fn version(name: &str) -> Result<String> {
    let id = output(&mut cargo(&["pkgid", "--offline", "-p", name]))?;
    let version = id.trim().rsplit(['#', '@']).next().unwrap_or_default();
    Ok(version.to_owned())
}
