//! Everything that fuzzing has found so far, done again: `fuzz/corpus` has inputs for each target, those
//! that once broke something among them.

#[path = "../fuzz/src/bodies.rs"]
mod bodies;

use std::path::Path;
use std::time::Duration;
use std::time::Instant;

/// Far more than any input takes, and far less than one that hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs every input of `target`.
fn run(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let start = Instant::now();
        body(&bytes);
        assert!(start.elapsed() < PATIENCE, "{} takes too long", path.display());
        inputs += 1;
    }
    assert!(inputs > 3, "{} has {inputs} inputs", folder.display());
}

#[test]
fn headers_never_panic() {
    run("header", bodies::header);
}

#[test]
fn type_descriptions_never_panic() {
    run("extent_type", bodies::extent_type);
}

#[test]
fn extents_never_panic() {
    run("extent", bodies::extent);
}

#[test]
fn indexes_never_panic() {
    run("index", bodies::index);
}

#[test]
fn files_never_panic() {
    run("file", bodies::file);
}
