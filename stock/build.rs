//! Lists the plugins, so that their code is compiled into one library.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=../plugins");
    let mut names = Vec::new();
    if env::var_os("CARGO_FEATURE_PLUGINS").is_some() {
        let folders = fs::read_dir("../plugins").expect("the plugins are beside this folder");
        let folders = folders.map(|entry| entry.expect("the folder can be listed").path());
        let plugins = folders.filter(|folder| folder.join("src/lib.rs").is_file());
        names.extend(plugins.map(|folder| folder.file_name().unwrap_or_default().to_owned()));
        names.sort();
    }
    let (mut modules, mut parts) = (String::new(), String::new());
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo says where the package is");
    for name in names {
        let name = name.to_str().expect("calls have plain names");
        let source = Path::new(&root).join("../plugins").join(name).join("src/lib.rs");
        let _ = writeln!(modules, "#[path = {source:?}]\nmod r#{name};");
        let _ = writeln!(parts, "    r#{name}::exported::PART,");
    }
    let text = format!("{modules}\n/// All of them.\npub static PARTS: &[Part] = &[\n{parts}];\n");
    let output = PathBuf::from(env::var_os("OUT_DIR").expect("cargo says where to write"));
    fs::write(output.join("plugins.rs"), text).expect("the list can be written");
}
