//! `include/strace2ds.h` is what cbindgen makes of this crate, and C compilers take it.

use std::fs;
use std::path::Path;
use std::process::Command;

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_header_is_made_of_the_source() {
    let config = cbindgen::Config::from_file(folder().join("cbindgen.toml")).expect("it is ours");
    let mut made = Vec::new();
    let builder = cbindgen::Builder::new().with_config(config);
    let builder = ["lib.rs", "types.rs"]
        .iter()
        .fold(builder, |builder, file| builder.with_src(folder().join("src").join(file)));
    builder.generate().expect("the source is C's").write(&mut made);
    let path = folder().join("include/strace2ds.h");
    let made = String::from_utf8(made).expect("it is text");
    if std::env::var_os("WRITE_HEADER").is_some() {
        fs::write(&path, &made).expect("the folder is writable");
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    let how = "make it anew: WRITE_HEADER=1 cargo test -p libstrace2ds --test header";
    assert!(there == made, "{} is out of date; {how}", path.display());
}

#[test]
fn compilers_of_c_take_the_header_alone() {
    let header = folder().join("include/strace2ds.h");
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", "-x", "c"]);
    let output = cc.arg(header).output().expect("there is a C compiler");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
