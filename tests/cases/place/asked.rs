//! What people ask of a replay: to say what it would do, to change nothing, to leave paths alone, and what the
//! program's standard streams are to be.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use replay_tests::case::{Case, told};

fn make(folder: &Path) {
    fs::create_dir(folder.join("d")).unwrap();
    for name in ["a", "e", "d/old"] {
        fs::write(folder.join(name), "some text\n").unwrap();
    }
}

const CHANGES: &str = "cat a > b; mkdir new; mv b new/c; rm d/old; echo x >> e; : > temp; rm temp; chmod 600 a; \
                       cd new; ln -s c link; cat ../a | tr a-z A-Z > upper";

#[test]
fn a_dry_run_tells_what_would_be_touched_and_touches_nothing() {
    let case = Case::new(make);
    case.record_all(&["sh", "-ec", CHANGES]);
    case.reset();
    let before = case.tree();
    let run = case.replay(&["--dry-run"]);
    assert_eq!(run.status.code(), Some(0), "{}", told(&run));
    assert_eq!(before.differences(&case.tree()), Vec::<String>::new());
    let printed = String::from_utf8(run.stdout.clone()).unwrap();
    for (fate, name) in [
        ("changed", "a"),
        ("made, removed", "b"),
        ("made", "new"),
        ("made", "new/c"),
        ("removed", "d/old"),
        ("changed", "e"),
        ("made, removed", "temp"),
        ("made", "new/link"),
        ("made", "new/upper"),
    ] {
        let line = format!("{fate:<17} {}", case.folder().join(name).display());
        assert!(printed.lines().any(|printed| printed == line), "{line}:\n{printed}");
    }
    assert!(printed.lines().any(|line| line.starts_with("read ")), "{printed}");
    let told = told(&run);
    assert!(
        told.contains("nothing was replayed") && told.contains("6 made, 2 changed, 3 removed"),
        "{told}"
    );
}

#[test]
fn a_dry_run_heeds_where_and_what_is_asked_for() {
    let case = Case::new(make);
    case.record_all(&["sh", "-ec", CHANGES]);
    case.reset();
    let folder = case.folder().to_string_lossy().into_owned();
    let printed = |words: &[&str]| {
        let run = case.replay(&[words, &["--dry-run"]].concat());
        assert_eq!(run.status.code(), Some(0), "{}", told(&run));
        String::from_utf8(run.stdout).unwrap()
    };
    let mapped = printed(&["--map", &format!("{folder}=/other")]);
    assert!(mapped.contains(" /other/new/c\n") && !mapped.contains(&folder), "{mapped}");
    let rooted = printed(&["--root", "/nonexistent"]);
    assert!(rooted.contains(&format!(" /nonexistent{folder}/new/c\n")), "{rooted}");
    let ignored = printed(&["--ignore", "new"]);
    assert!(!ignored.contains("/new/c") && ignored.contains("/d/old"), "{ignored}");
    let read_only = printed(&["--read-only"]);
    assert!(!read_only.lines().any(|line| !line.starts_with("read ")), "{read_only}");
}

#[test]
fn a_dry_run_that_nobody_reads_to_its_end_is_fine() {
    let case = Case::new(make);
    case.record_all(&["cat", "a"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let run = case.replayer(&["--dry-run"]).stdout(writer).output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", told(&run));
}

#[test]
fn a_read_only_replay_changes_nothing_and_counts_what_would() {
    let case = Case::new(make);
    case.record_all(&["sh", "-ec", CHANGES]);
    case.reset();
    let before = case.tree();
    let replay = case.replay(&["--read-only", "--call-timeout", "60"]);
    let told = told(&replay);
    // What the trace itself made isn't there to be looked at.
    assert!(matches!(replay.status.code(), Some(0 | 1)), "{told}");
    assert_eq!(before.differences(&case.tree()), Vec::<String>::new(), "{told}");
    for (path, entry) in &case.tree().0 {
        assert_eq!(entry.modified, before.0[path].modified, "{path:?} was written to");
    }
    let line = told.lines().find(|line| line.contains("the replay is read-only"));
    let line = line.unwrap_or_else(|| panic!("{told}"));
    for call in ["mkdir", "rename", "unlinkat", "fchmodat", "openat"] {
        assert!(line.contains(call), "{call}: {line}");
    }
    assert!(!told.contains("let go"), "pipes are the replay's own: {told}");
}

#[test]
fn what_only_looks_is_replayed_whole_where_nothing_may_change() {
    let case = Case::new(make);
    let script = "cat a e | wc -l; ls -lR . | sort | tail -1; test -e d/old; (cd d; cat old)";
    case.record_all(&["sh", "-ec", script]);
    let replay = case.replay(&["--read-only", "--verify", "--abort"]);
    let told = told(&replay);
    assert_eq!(replay.status.code(), Some(0), "{told}");
    assert!(!told.contains("the replay is read-only"), "nothing is left out: {told}");
}

#[test]
fn ignored_paths_are_left_alone_however_they_are_named() {
    let case = Case::new(make);
    let script = "mkdir x; echo 1 > x/f; echo 2 > g; cat g > x/h; cd x; echo 3 > i; cat i > ../j; \
                  cd ../d; echo 4 > k; ln k ../x/l; cd ..; exec 5> x/m; echo 5 >&5; echo 6 > n";
    case.record_all(&["sh", "-ec", script]);
    let recorded = case.tree();
    let folder = case.folder();
    for glob in
        ["x".to_owned(), format!("{}/x", folder.display()), format!("{}/[x]/**", folder.display())]
    {
        case.reset();
        let replay = case.replay(&["--verify", "--ignore", &glob]);
        let (told, tree) = (told(&replay), case.tree());
        assert_eq!(replay.status.code(), Some(0), "{glob}: {told}");
        assert!(told.contains("on paths that are ignored"), "{told}");
        assert!(
            !tree.0.keys().any(|path| path.starts_with("x") && path != Path::new("x")),
            "{tree:?}"
        );
        for name in ["g", "d/k", "n"] {
            assert_eq!(tree.entry(name).content, recorded.entry(name).content, "{glob}: {name}");
        }
    }
    let wrong = case.replay(&["--ignore", "/a[b"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(told(&wrong).contains("--ignore"), "{}", told(&wrong));
}

#[test]
fn a_program_without_its_directories_to_run_from_still_closes_what_it_closed() {
    // The programs themselves are ignored: a pipe's end is closed when one is run, or a reader waits for ever.
    let case = Case::new(make);
    case.record_all(&["sh", "-ec", "cat a | cat > b"]);
    case.reset();
    let replay =
        case.replay(&["--ignore", "/usr", "--ignore", "/etc", "--ignore", "/lib*", "--verify"]);
    let told = told(&replay);
    assert_eq!(replay.status.code(), Some(0), "{told}");
    assert!(!told.contains("let go"), "{told}");
    assert_eq!(fs::read(case.folder().join("b")).unwrap(), b"some text\n");
}

/// Replays with `words` and this standard input; returns standard output and what was told.
#[track_caller]
fn streams(case: &Case, words: &[&str], input: &[u8]) -> (String, String) {
    let mut command = case.replayer(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{words:?}: {}", told(&output));
    (String::from_utf8(output.stdout.clone()).unwrap(), told(&output))
}

#[test]
fn standard_streams_are_what_people_ask_for() {
    let case = Case::new(make);
    let script = "echo to stdout; echo to stderr >&2; cat; cat a >&2";
    let mut recorder = case.recorder(&["sh", "-ec", script]);
    recorder.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = recorder.spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"input\n").unwrap();
    assert!(child.wait_with_output().unwrap().status.success());

    let both = ("to stdout\ninput\n", "to stderr\nsome text\n");
    let (out, told) = streams(&case, &["--stdio", "inherit", "-q", "--verify"], b"input\n");
    assert_eq!((out.as_str(), told.as_str()), both);
    for words in [&["-q"][..], &["-q", "--stdio", "leave"], &["-q", "--stdio", "null"]] {
        assert_eq!(streams(&case, words, b"other\n"), Default::default(), "{words:?}");
    }
    assert_eq!(streams(&case, &["-q", "--stdio", "capture"], b""), Default::default());
    let captured = |stream: &str| {
        let mut path = case.trace().into_os_string();
        path.push(stream);
        fs::read_to_string(path).unwrap()
    };
    assert_eq!((captured(".stdout").as_str(), captured(".stderr").as_str()), both);
    // Calls that are made are counted as such.
    let (_, leaves) = streams(&case, &[], b"");
    let (_, nulls) = streams(&case, &["--stdio", "null"], b"");
    let left = |told: &str| {
        told.lines().any(|line| line.contains("standard stream") && line.contains(" write"))
    };
    assert!(left(&leaves) && !left(&nulls), "{leaves}{nulls}");
}

#[test]
fn an_output_that_nobody_reads_is_an_outcome() {
    let case = Case::new(make);
    case.record_all(&["cat", "a"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let replay = case.replayer(&["--stdio", "inherit"]).stdout(writer).output().unwrap();
    assert_eq!(replay.status.code(), Some(1), "{}", told(&replay));
    assert!(told(&replay).contains("got EPIPE"), "{}", told(&replay));
}
