//! Files that were plugins once, or never: one line that names them, and never a crash.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use replay_tests::built::program;
use replay_tests::case::told;
use replay_tests::folder::{PluginFolder, source};
use tempfile::TempDir;

/// The recorder, with plugins from `folder`: it loads all of them.
fn record(folder: &Path) -> Output {
    let scratch = TempDir::new().unwrap();
    let mut recorder = Command::new(program("recorder"));
    recorder.arg("--plugins").arg(folder).arg("-X").arg(scratch.path().join("t.ds")).arg("true");
    recorder.output().unwrap()
}

/// A small plugin, and where to put it when it was damaged.
struct Plugin {
    folder: PluginFolder,
    bytes: Vec<u8>,
}

impl Plugin {
    fn new() -> Self {
        let folder = PluginFolder::empty();
        let path = folder.add_c("libodd.so", &source("../examples/c-plugin/plugin.c"), &[]);
        let bytes = fs::read(path).unwrap();
        Self { folder, bytes }
    }

    /// What comes of recording with these bytes in place of its own.
    fn with(&self, bytes: &[u8]) -> Output {
        fs::write(self.folder.path().join("libodd.so"), bytes).unwrap();
        record(self.folder.path())
    }

    /// Says no, in one line that names the file, or loads it as if nothing were: never anything else.
    #[track_caller]
    fn assert_survived(&self, bytes: &[u8], what: &str) -> bool {
        let output = self.with(bytes);
        let told = told(&output);
        match output.status.code() {
            Some(2) => {
                assert_eq!(told.lines().count(), 1, "{what}: {told}");
                assert!(told.contains("libodd.so"), "{what}: {told}");
                true
            }
            // Recorded with the two calls that it has.
            Some(0) => false,
            status => panic!("{what}: {status:?} {:?}: {told}", output.status),
        }
    }
}

#[test]
fn a_plugin_cut_off_at_any_kibibyte_is_refused() {
    let plugin = Plugin::new();
    for length in (0..plugin.bytes.len()).step_by(1024) {
        let is_refused =
            plugin.assert_survived(&plugin.bytes[..length], &format!("{length} bytes"));
        // What is missing at the very end may be what nobody needs: names of sections.
        assert!(is_refused || length + 2048 > plugin.bytes.len(), "{length} bytes");
    }
}

/// The file's offset and size of what the program header or section header of this type tells.
fn part(bytes: &[u8], wanted: Part) -> (usize, usize) {
    let long = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let short = |at: usize| usize::from(u16::from_ne_bytes(bytes[at..at + 2].try_into().unwrap()));
    let int = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
    let (table, size, count) = match wanted {
        Part::Segment(_) => (long(32), short(54), short(56)),
        Part::Section(_) => (long(40), short(58), short(60)),
    };
    for at in (0..count).map(|number| table + number * size) {
        match wanted {
            Part::Segment(kind) if int(at) == kind => return (long(at + 8), long(at + 32)),
            Part::Section(kind) if int(at + 4) == kind => return (long(at + 24), long(at + 32)),
            _ => {}
        }
    }
    panic!("it has such a part");
}

#[derive(Clone, Copy)]
enum Part {
    Segment(u32),
    Section(u32),
}

/// Damages each word of the part in turn, and looks that nothing but a sentence comes of it.
fn damage(wanted: &[Part]) {
    let plugin = Plugin::new();
    let header = (0, 64 + 56 * 11);
    let parts = wanted.iter().map(|wanted| part(&plugin.bytes, *wanted));
    let parts: Vec<(usize, usize)> = if wanted.is_empty() { vec![header] } else { parts.collect() };
    let mut refused = 0;
    for (start, size) in parts {
        for at in (start..start + size).step_by(4) {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = plugin.bytes.clone();
                let byte = at + (at / 4 + usize::from(flip)) % 4;
                bytes[byte] ^= flip;
                let what = format!("byte {byte} xor {flip:#x}");
                refused += u32::from(plugin.assert_survived(&bytes, &what));
            }
        }
    }
    assert!(refused > 0, "some of the damage is noticed");
}

#[test]
fn damage_in_the_headers_of_the_file_is_survived() {
    damage(&[]);
}

#[test]
fn damage_in_the_dynamic_section_is_survived() {
    damage(&[Part::Segment(2)]);
}

#[test]
fn damage_in_symbols_and_relocations_is_survived() {
    const SYMBOLS: Part = Part::Section(11);
    const RELOCATIONS: Part = Part::Section(4);
    const HASH: Part = Part::Section(0x6fff_fff6);
    const VERSIONS: Part = Part::Section(0x6fff_ffff);
    damage(&[SYMBOLS, RELOCATIONS, HASH, VERSIONS]);
}

#[test]
fn a_plugin_for_another_machine_is_refused() {
    let plugin = Plugin::new();
    for (at, byte, what) in [(18, 183, "aarch64"), (4, 1, "32 bits"), (5, 2, "big-endian")] {
        let mut bytes = plugin.bytes.clone();
        bytes[at] = byte;
        let output = plugin.with(&bytes);
        assert_eq!(output.status.code(), Some(2), "{what}: {}", told(&output));
        let words = "libodd.so: not a shared library for this machine";
        assert!(told(&output).contains(words), "{what}: {}", told(&output));
    }
}

#[test]
fn links_that_lead_nowhere_are_refused_by_name() {
    let plugin = Plugin::new();
    let link = plugin.folder.path().join("libloop.so");
    symlink("libloop.so", &link).unwrap();
    let output = record(plugin.folder.path());
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert!(told(&output).contains("libloop.so: Too many levels"), "{}", told(&output));
    fs::remove_file(&link).unwrap();
    symlink("nowhere", &link).unwrap();
    let output = record(plugin.folder.path());
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert!(told(&output).contains("libloop.so: No such file"), "{}", told(&output));
}

#[test]
fn a_folder_of_thousands_of_files_is_gone_through() {
    let plugin = Plugin::new();
    for number in 0..5000 {
        fs::write(plugin.folder.path().join(format!("{number}.txt")), "nothing").unwrap();
    }
    fs::create_dir(plugin.folder.path().join("folder.d")).unwrap();
    let output = record(plugin.folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    for number in 0..3000 {
        symlink("libodd.so", plugin.folder.path().join(format!("{number}.so"))).unwrap();
    }
    // One file, however many names it has.
    let output = record(plugin.folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
}
