//! Traces by the original recorder replay here: each in a folder as it was before, to the state in which the
//! recorded program left it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::process::{Command, Output};

use replay_tests::built::{plugins, program};
use replay_tests::case::told;
use replay_tests::trace::{self as rows, Cell, Changes};
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

/// Replays another form of trace `name`; its final state is to be the same.
#[track_caller]
fn assert_same_state(name: &str, form: &str, make: impl FnOnce(&Path, &Path), words: &[&str]) {
    let scratch = TempDir::new().unwrap();
    let (folder, other) = (scratch.path().join("folder"), scratch.path().join("other.ds"));
    fs::create_dir(&folder).unwrap();
    let before = format!("{TRACES}/{name}.pre.tar.xz");
    assert!(
        Command::new("tar").arg("xJf").arg(before).current_dir(&folder).status().unwrap().success()
    );
    make(Path::new(&format!("{TRACES}/{name}.ds")), &other);
    let mut replayer = Command::new(program("replayer"));
    replayer.arg("--plugins").arg(plugins()).args(words).arg(&other).current_dir(&folder);
    let output = replayer.output().unwrap();
    let told = told(&output);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{name} {form}: {told}");
    let mut state = State::new();
    state_of(&folder, Path::new(""), &mut state);
    assert_eq!(state, listed(name), "{name} {form}: {told}");
}

fn repacked(words: &'static [&'static str]) -> impl Fn(&Path, &Path) {
    move |from, to| {
        let mut dstool = replay_tests::tool::dstool(&["repack"]);
        let output = dstool.args(words).arg("-o").arg(to).arg(from).output().unwrap();
        assert!(output.status.success(), "{}", told(&output));
    }
}

#[test]
fn other_forms_of_old_traces_lead_to_the_same_state() {
    for name in ["ln", "mkdirp", "tarc", "pipe"] {
        assert_same_state(name, "in the other byte order", repacked(&["--byte-order", "big"]), &[]);
        assert_same_state(name, "compressed", repacked(&["--codec", "zlib"]), &["--verify"]);
        let tiny = |from: &Path, to: &Path| {
            rows::Trace::open(from).write_in_extents_of(3, to, &Changes::new());
        };
        assert_same_state(name, "in tiny extents", tiny, &[]);
    }
}

#[test]
fn old_traces_in_other_units_of_time_replay_at_the_programs_pace() {
    // The first record's times are seconds, all others' are not: nobody waits for the difference.
    for name in ["ln", "touch"] {
        let copy = |from: &Path, to: &Path| assert!(fs::copy(from, to).is_ok());
        assert_same_state(name, "as it is", copy, &["--speed", "100"]);
        let tfrac = |from: &Path, to: &Path| {
            let trace = rows::Trace::open(from);
            let mut changes = Changes::new();
            for (_, at, _) in trace.rows() {
                let times = ["time_called", "time_returned", "time_recorded"].into_iter();
                let in_units = |time: i64| ((i128::from(time) << 32) / 1_000_000_000) as i64;
                let times = times.filter_map(|column| {
                    let time = trace.number(at, column).filter(|time| *time > 1 << 40)?;
                    Some((column.to_owned(), Cell::Number(in_units(time))))
                });
                changes.insert(at, times.collect());
            }
            trace.write(to, &changes);
        };
        assert_same_state(name, "in units of 2⁻³² s", tfrac, &["--speed", "100"]);
    }
}

#[test]
fn record_types_with_columns_and_names_of_their_own_are_passed_over_or_told() {
    // Columns that a replay doesn't need may be missing, others may be there, and so may other types.
    let strange = |from: &Path, to: &Path| {
        rows::Trace::open(from).with_types(|text| {
            let text = text.replace("<field field_id=\"68\" name=\"errno_string\" type=\"variable32\" opt_nullable=\"yes\"/>", "<field name=\"of_another_time\" type=\"double\"/>");
            text.replace("IOTTAFSL::Trace::Syscall::fstat\"", "IOTTAFSL::Trace::Syscall::fstat_of_another_kernel\"")
        })
        .write(to, &Changes::new());
    };
    for name in ["ln", "mkdirp", "tarc"] {
        assert_same_state(name, "with columns and types of its own", strange, &[]);
    }
}
