//! A plugin in a crate of its own, outside of this workspace, made from `sdk/template`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::cargo::root;
use crate::package::PACKAGES;

/// What to make.
#[derive(clap::Args)]
pub struct Arguments {
    /// Name of the plugin and of its crate, as `acme-fsync`
    name: String,
    /// Folder to make it in [default: the name]
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
    /// The system call, by its name in the kernel
    #[arg(long, value_name = "CALL", default_value = "fsync")]
    syscall: String,
    /// Build with this version of the published SDK, or with its packages in this folder, as `cargo xtask
    /// package` unpacks them [default: the SDK of this repository]
    #[arg(long, value_name = "VERSION|DIR")]
    sdk: Option<String>,
}

/// The files of a plugin's crate.
const FILES: [&str; 3] = ["Cargo.toml", "src/lib.rs", ".gitignore"];

/// Makes the crate.
///
/// # Errors
/// A name can't be one, the folder is there already, or it can't be written.
pub fn make(arguments: &Arguments) -> Result<()> {
    let Arguments { name, path, syscall, sdk } = arguments;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    let is_name = |name: &str| name.starts_with(|c: char| c.is_ascii_lowercase());
    if !is_name(name) || !name.chars().all(plain) {
        return Err(format!("{name:?} is no name: take lower-case letters, digits and hyphens"));
    }
    if !is_name(syscall) || !syscall.chars().all(|c| plain(c) && c != '-') {
        return Err(format!("{syscall:?} is no system call's name"));
    }
    let folder = path.clone().unwrap_or_else(|| name.into());
    let failed = |path: &Path, error| format!("{}: {error}", path.display());
    let (sdk, patches) = match sdk {
        None => (format!("path = {:?}", root().join("sdk").display().to_string()), String::new()),
        Some(sdk) if Path::new(sdk).is_dir() => unpacked(Path::new(sdk))?,
        Some(version)
            if version.starts_with(|c: char| c.is_ascii_digit() || "^~=<>".contains(c)) =>
        {
            (format!("version = {version:?}"), String::new())
        }
        Some(other) => return Err(format!("--sdk {other}: it is neither a version nor a folder")),
    };
    // What is there already stays as it is.
    fs::create_dir(&folder).map_err(|error| failed(&folder, error))?;
    for file in FILES {
        let template = root().join("sdk/template").join(file);
        let text = fs::read_to_string(&template).map_err(|error| failed(&template, error))?;
        let text = text
            .replace("{{project-name}}", name)
            .replace("{{syscall}}", syscall)
            .replace("{{sdk}}", &sdk);
        let text = if file == "Cargo.toml" { text + &patches } else { text };
        let to = folder.join(file);
        let parent = to.parent().expect("a file lies in a folder");
        fs::create_dir_all(parent).map_err(|error| failed(parent, error))?;
        fs::write(&to, text).map_err(|error| failed(&to, error))?;
    }
    println!("{}: next, `cargo test` and `cargo build --release` there", folder.display());
    Ok(())
}

/// The SDK's version, of the packages in `folder`, and the lines that have cargo take them from there.
fn unpacked(folder: &Path) -> Result<(String, String)> {
    let folder =
        fs::canonicalize(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let manifest = folder.join("replay-sdk/Cargo.toml");
    let text = fs::read_to_string(&manifest)
        .map_err(|error| format!("{}: {error}", manifest.display()))?;
    let version = text.lines().find(|line| line.starts_with("version = "));
    let version = version.ok_or_else(|| format!("{}: it has no version", manifest.display()))?;
    let mut patches = "\n# As long as the SDK isn't in a registry.\n[patch.crates-io]\n".to_owned();
    for package in PACKAGES {
        patches +=
            &format!("{package} = {{ path = {:?} }}\n", folder.join(package).display().to_string());
    }
    Ok((version.to_owned(), patches))
}
