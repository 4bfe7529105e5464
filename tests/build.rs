//! Lists the plugins, so that the tests beside their code run in one binary: a test binary for each of
//! a hundred shared libraries would take minutes to link.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    println!("cargo::rerun-if-changed={}", plugins.display());
    let folders = fs::read_dir(&plugins).expect("the plugins are beside the tests");
    let mut folders: Vec<PathBuf> =
        folders.map(|entry| entry.expect("the folder can be listed").path()).collect();
    folders.sort();
    let mut modules = String::new();
    for folder in folders {
        let source = folder.join("src/lib.rs");
        if source.is_file() {
            let name = folder.file_name().expect("a folder has a name").to_string_lossy();
            let _ = writeln!(modules, "#[path = {source:?}]\nmod r#{name};");
        }
    }
    let output = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to write"));
    fs::write(output.join("plugins.rs"), modules).expect("the list can be written");
}
