//! Traces by the original recorder replay here: each in a folder as it was before, to the state in which the
//! recorded program left it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::process::{Command, Output};

use replay_tests::built::{plugins, program};
use replay_tests::case::told;
use tempfile::TempDir;

const TRACES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/reference");

/// A trace, whether its final state can be reached from it, and what to add to the command.
struct Trace {
    name: &'static str,
    /// The original recorder dropped calls that changed the state (the traces' README says which).
    is_complete: bool,
    /// The folder that absolute paths of the trace lead to.
    folder: Option<&'static str>,
}

const fn trace(name: &'static str) -> Trace {
    Trace { name, is_complete: true, folder: None }
}

const ALL: [Trace; 11] = [
    Trace { is_complete: false, ..trace("cp") },
    trace("dd"),
    trace("ln"),
    trace("lslr"),
    trace("mkdirp"),
    Trace { is_complete: false, ..trace("mv") },
    trace("pipe"),
    trace("rmdir"),
    Trace { folder: Some("/srv/w/sqlite"), ..trace("sqlite") },
    trace("tarc"),
    trace("touch"),
];

/// What there is in a folder: type, mode, and size where that isn't the file system's business.
type State = BTreeMap<String, (String, String, Option<String>)>;

fn state_of(folder: &Path, below: &Path, state: &mut State) {
    for entry in fs::read_dir(folder.join(below)).unwrap() {
        let below = below.join(entry.unwrap().file_name());
        let metadata = folder.join(&below).symlink_metadata().unwrap();
        let kind = metadata.file_type();
        let letter = match kind {
            _ if kind.is_dir() => 'd',
            _ if kind.is_symlink() => 'l',
            _ if kind.is_fifo() => 'p',
            _ => 'f',
        };
        let size = (!kind.is_dir()).then(|| metadata.len().to_string());
        let mode = format!("{:o}", metadata.mode() & 0o7777);
        state.insert(below.to_string_lossy().into_owned(), (letter.to_string(), mode, size));
        if kind.is_dir() {
            state_of(folder, &below, state);
        }
    }
}

/// The state as the original's listing has it.
fn listed(name: &str) -> State {
    let text = fs::read_to_string(format!("{TRACES}/{name}.post")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with(' '));
    let lines = lines.map(|line| {
        let words: Vec<&str> = line.rsplitn(4, ' ').collect();
        let [size, mode, kind, path] = words[..] else { panic!("{name}.post: {line}") };
        let size = (kind != "d").then(|| size.to_owned());
        (path.to_owned(), (kind.to_owned(), mode.to_owned(), size))
    });
    lines.collect()
}

/// Replays the trace in a folder as it was before; returns what came of it and the state.
fn replay(trace: &Trace) -> (Output, State) {
    let scratch = TempDir::new().unwrap();
    let before = format!("{TRACES}/{}.pre.tar.xz", trace.name);
    let unpacked = Command::new("tar").arg("xJf").arg(before).current_dir(&scratch).status();
    assert!(unpacked.unwrap().success(), "{}: the folder's first state", trace.name);
    let mut replayer = Command::new(program("replayer"));
    replayer.arg("--plugins").arg(plugins()).arg("--warn").current_dir(&scratch);
    if let Some(folder) = trace.folder {
        replayer.arg("--map").arg(format!("{folder}={}", scratch.path().display()));
    }
    let output = replayer.arg(format!("{TRACES}/{}.ds", trace.name)).output().unwrap();
    let mut state = State::new();
    state_of(scratch.path(), Path::new(""), &mut state);
    (output, state)
}

#[test]
fn the_originals_traces_lead_to_the_state_that_their_programs_left() {
    for trace in ALL {
        let (output, state) = replay(&trace);
        let told = told(&output);
        // The machine they were recorded on had other files in /etc; what of it diverges is told.
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}: {told}", trace.name);
        let expected = listed(trace.name);
        if trace.is_complete {
            assert_eq!(state, expected, "{}: {told}", trace.name);
        } else {
            assert_ne!(state, expected, "{}: it can be reached after all", trace.name);
        }
    }
}

#[test]
fn what_the_original_dropped_is_told() {
    // pipe2 was dropped: its descriptors come up without a call that made them.
    let (output, _) = replay(&trace("pipe"));
    let text = told(&output);
    assert!(text.contains("on a descriptor that the trace never introduced: "), "{text}");
    // The names of attributes were kept without their bytes.
    let (output, _) = replay(&trace("lslr"));
    let text = told(&output);
    assert!(text.contains("the trace lacks their data: ") && text.contains("getxattr"), "{text}");
}
