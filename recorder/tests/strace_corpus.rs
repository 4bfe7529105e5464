//! Everything that fuzzing has found so far, done again, and the inputs themselves, cut short and damaged.

#[path = "../fuzz/src/bodies.rs"]
mod bodies;

use std::path::Path;

#[test]
fn no_log_makes_the_converter_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/strace");
    let mut inputs = 0;
    for entry in std::fs::read_dir(&folder).expect("the corpus is there") {
        let bytes = std::fs::read(entry.expect("it can be listed").path()).expect("and read");
        bodies::strace(&bytes);
        inputs += 1;
        for cut in (0..bytes.len().min(2000)).step_by(3) {
            bodies::strace(&bytes[..cut]);
        }
        // Every byte in turn becomes one that means something elsewhere.
        let others = br#"{}[]()"\,=<>|~0-?."#.iter().cycle();
        for (at, other) in (0..bytes.len().min(2000)).step_by(2).zip(others) {
            let mut damaged = bytes.clone();
            damaged[at] = *other;
            bodies::strace(&damaged);
        }
    }
    assert!(inputs > 3, "{} has {inputs} inputs", folder.display());
}

#[test]
fn nesting_and_repetition_end_somewhere() {
    for opening in ["[", "{", "~", "f(", "~[", "{a={", "1|", "\"", "a=>", "<<"] {
        let line = format!("write(1, {}", opening.repeat(100_000));
        bodies::strace(line.as_bytes());
        bodies::strace(format!("{line}) = 0\n").as_bytes());
    }
}
