//! `stubs LIBRARY BENEATH FOLDER`: writes into FOLDER a stub for each stock plugin, whose code is in LIBRARY,
//! to be found as BENEATH beneath the folder.

use std::ffi::CStr;
use std::path::Path;
use std::process::ExitCode;

use replay_stock::{PARTS, stub::Library};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [library, beneath, folder] = words.as_slice() else {
        eprintln!("usage: stubs LIBRARY BENEATH FOLDER");
        return ExitCode::FAILURE;
    };
    let library = match Library::new(Path::new(library), beneath) {
        Ok(made) => made,
        Err(error) => {
            eprintln!("stubs: {library}: {error}");
            return ExitCode::FAILURE;
        }
    };
    for part in PARTS {
        let name = CStr::from_bytes_until_nul(&part.header.name).expect("names are padded");
        let name = name.to_str().expect("names are text");
        let path = Path::new(folder).join(format!("libplugin_{name}.so"));
        if path.exists() {
            eprintln!("stubs: {} is there already", path.display());
            return ExitCode::FAILURE;
        }
        if let Err(error) = library.write_stub(part.header, true, &path) {
            eprintln!("stubs: {}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
