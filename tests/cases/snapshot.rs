//! Traces that bring the files which their replay needs: recorded with a snapshot, moved elsewhere, prepared in
//! a root of their own and replayed there.

use std::fs;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use replay_schema::added::{CONTENT, FILE, XATTR};
use replay_tests::built::program;
use replay_tests::case::{BACKENDS, Case, told};
use replay_tests::forge::{Cell, Forge};
use replay_tests::tool;
use replay_tests::tree::Tree;
use tempfile::TempDir;

/// A folder of letters of many kinds.
fn letters(folder: &Path) {
    let at = |name: &str| folder.join(name);
    fs::create_dir_all(at("letters/greek")).unwrap();
    fs::write(at("letters/a"), "some text\n".repeat(20_000)).unwrap();
    fs::write(at("letters/copy-of-a"), "some text\n".repeat(20_000)).unwrap();
    fs::write(at("letters/empty"), "").unwrap();
    fs::write(at("letters/greek/alpha"), "alpha\n").unwrap();
    fs::hard_link(at("letters/greek/alpha"), at("letters/greek/one")).unwrap();
    symlink("greek/alpha", at("letters/first")).unwrap();
    symlink("/nowhere/at/all", at("letters/dangling")).unwrap();
    fs::set_permissions(at("letters/a"), fs::Permissions::from_mode(0o4751)).unwrap();
    fs::set_permissions(at("letters/greek"), fs::Permissions::from_mode(0o2775)).unwrap();
    let sparse = fs::File::create(at("letters/sparse")).unwrap();
    sparse.set_len(64 << 20).unwrap();
    sparse.write_all_at(b"in the middle", 40 << 20).unwrap();
    run(Command::new("mkfifo").arg(at("letters/fifo")));
    run(Command::new("setfattr").args(["-n", "user.colour", "-v", "blue"]).arg(at("letters/a")));
    run(Command::new("touch").args(["-d", "2001-02-03 04:05:06.5 UTC"]).arg(at("letters/greek")));
}

fn run(command: &mut Command) -> Output {
    let output = command.output().expect("it can be run");
    assert!(output.status.success(), "{command:?}: {}", told(&output));
    output
}

/// A root that a trace was prepared in, and where the folder of its recording is there.
struct Root {
    scratch: TempDir,
    folder: PathBuf,
}

impl Root {
    /// Prepares the trace of `case`, which succeeds.
    #[track_caller]
    fn prepared(case: &Case) -> Self {
        let scratch = TempDir::new().expect("a scratch folder");
        let folder = case.folder().canonicalize().expect("the folder is there");
        let folder = scratch.path().join(folder.strip_prefix("/").expect("it is absolute"));
        let root = Self { scratch, folder };
        let output = prepare(&root.path(), &case.trace(), &[]);
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        root
    }

    fn path(&self) -> PathBuf {
        self.scratch.path().to_owned()
    }

    fn tree(&self) -> Tree {
        Tree::of(&self.folder)
    }

    fn replay(&self, case: &Case, words: &[&str]) -> Output {
        let mut command = case.replayer(words);
        command.arg("--root").arg(self.path()).output().expect("the replayer runs")
    }
}

fn prepare(root: &Path, trace: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(program("replayer"));
    command.arg("prepare").arg("--root").arg(root).args(words).arg(trace);
    command.output().expect("the replayer runs")
}

/// Records `words` with each backend in a folder that `make` puts into its state, prepares the trace in a fresh
/// root, replays it there with every check, and compares what is there with what the program left.
#[track_caller]
fn moved(make: impl Fn(&Path), words: &[&str]) -> (Case, Root) {
    let [_, by_ptrace] = BACKENDS.map(|backend| moved_with(backend, &make, words));
    by_ptrace
}

#[track_caller]
fn moved_with(backend: &'static str, make: impl Fn(&Path), words: &[&str]) -> (Case, Root) {
    let case = Case::new(make).with_backend(backend);
    let output = case.recorder_with(&["--snapshot", "full"], words).output().expect("it runs");
    assert!(output.status.success(), "{words:?}: {}", told(&output));
    assert_eq!(told(&output), "", "of {words:?} something was not recorded");
    let recorded = case.tree();
    // The replay has nothing but the trace.
    fs::rename(case.folder(), case.folder().with_extension("away")).expect("it is there");
    fs::create_dir(case.folder()).expect("the name is free");
    let root = Root::prepared(&case);
    let replay = root.replay(&case, &["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{words:?}: {}", told(&replay));
    assert_eq!(recorded.differences(&root.tree()), Vec::<String>::new(), "{words:?}");
    assert_eq!(fs::read_dir(case.folder()).expect("it is there").count(), 0);
    (case, root)
}

#[test]
fn a_copy_of_everything_there_is() {
    let (_case, root) = moved(letters, &["cp", "-a", "letters", "copy"]);
    let tree = root.tree();
    for name in ["letters", "copy"] {
        let entry = |below: &str| tree.entry(&format!("{name}/{below}"));
        assert_eq!(entry("greek/one").links, 2);
        assert_eq!(entry("greek").modified, 981_173_106_500_000_000);
        assert_eq!(entry("a").mode, 0o4751);
        assert_eq!(entry("a").attributes[&b"user.colour"[..]], b"blue");
        assert_eq!(entry("fifo").kind, 'p');
        assert!(entry("sparse").blocks < 1024, "{name}: {} blocks", entry("sparse").blocks);
    }
}

#[test]
fn tar_packs_and_unpacks() {
    moved(
        letters,
        &["sh", "-c", "tar cf letters.tar letters && rm -r letters && tar xpf letters.tar"],
    );
}

#[test]
fn what_is_renamed_linked_and_removed_was_there() {
    let script = "mv letters/greek other; cat other/alpha > text; ln letters/a letters/second; \
                  rm letters/copy-of-a; mv letters/first letters/empty; chmod 600 letters/sparse; \
                  : > letters/a; ls letters other > listed; find . -type f > found";
    moved(letters, &["sh", "-c", script]);
}

#[test]
fn a_folder_that_was_not_empty_is_not_empty() {
    let make = |folder: &Path| {
        for (name, content) in [("full/one", "1"), ("full/two", "2"), ("fuller/in/one", "")] {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().expect("it is in one")).expect("it can be made");
            fs::write(path, content).expect("it can be written");
        }
        fs::create_dir(folder.join("empty")).expect("it can be made");
    };
    // What the program doesn't come upon isn't in the trace: nobody lists these folders.
    let script = "rmdir full && exit 1; mv -T empty fuller && exit 1; rmdir empty; mkdir own; : > own/file; \
                  rmdir own && exit 1; true";
    let words = ["sh", "-c", &format!("{{ {script}; }} 2>/dev/null")];
    for backend in BACKENDS {
        let case = Case::new(make).with_backend(backend);
        let output = case.recorder_with(&["--snapshot", "full"], &words).output();
        assert!(output.expect("it runs").status.success());
        let root = Root::prepared(&case);
        let replay = root.replay(&case, &["--verify", "--abort"]);
        assert_eq!(replay.status.code(), Some(0), "{backend}: {}", told(&replay));
        let tree = root.tree();
        let has = |name: &str| tree.0.contains_key(Path::new(name));
        assert!(has("fuller/in") && has("own/file") && !has("empty"), "{backend}: {tree:?}");
        assert!(has("full/one") != has("full/two"), "{backend}: one of them is enough: {tree:?}");
    }
}

/// A root is one file system, and has none of the kernel's.
#[test]
fn what_another_file_system_does_to_a_program_is_done_again() {
    let other = TempDir::new_in("/dev/shm").expect("a file system of its own");
    let from = other.path().join("from");
    let make = |_: &Path| fs::write(&from, "moved").expect("it can be written");
    let from = from.to_str().expect("it is text");
    let (_, root) = moved(make, &["mv", from, "to"]);
    assert!(!root.path().join(from.trim_start_matches('/')).exists(), "it was moved");
    assert!(!Path::new(from).exists() && root.tree().0.contains_key(Path::new("to")));
}

/// Beneath a root none of the kernel's files are there, by whatever name.
#[test]
fn what_is_the_kernels_is_left_alone_by_other_names_too() {
    let make = |folder: &Path| {
        fs::write(folder.join("a"), "a").expect("it can be written");
        symlink("/proc/self/mounts", folder.join("mounts")).expect("it can be made");
    };
    let script = "exec 9< a; readlink /proc/self/fd/9; ls /dev > listed; cat $PWD/mounts > copy";
    moved(make, &["sh", "-c", script]);
}

#[test]
fn what_cannot_be_changed_is_so_again() {
    let make = |folder: &Path| fs::write(folder.join("a"), "a").expect("it can be written");
    let script = "chattr +i a && rm -f a; chattr -i a; : > a; true";
    moved(make, &["sh", "-c", &format!("{{ {script}; }} 2> said")]);
}

#[test]
fn sqlite_changes_a_database() {
    let make = |folder: &Path| {
        let script = "CREATE TABLE t(a); INSERT INTO t VALUES (1), (2), (3);";
        run(Command::new("sqlite3").arg(folder.join("db")).arg(script));
    };
    moved(make, &["sqlite3", "db", "UPDATE t SET a = a * 2; INSERT INTO t SELECT a + 1 FROM t;"]);
}

#[test]
fn contents_are_stored_once_and_info_tells_of_the_snapshot() {
    let (case, _root) = moved(letters, &["cp", "-a", "letters", "copy"]);
    let told = tool::prints(&["info"], &case.trace());
    assert!(told.contains("snapshot   full"), "{told}");
    let rows = tool::prints(&["cat", "--json", "--type", "Recorder::Content"], &case.trace());
    let text = "some text\\n".repeat(20);
    assert_eq!(rows.lines().filter(|line| line.contains(&text)).count(), 1);
}

#[test]
fn without_contents_files_have_zeros() {
    let case = Case::new(letters);
    case.recorder_with(&["--snapshot", "meta"], &["cat", "letters/a"]).output().expect("it runs");
    let root = Root::prepared(&case);
    let tree = root.tree();
    assert_eq!(tree.entry("letters/a").content, vec![0; 200_000]);
    assert!(!tree.has("letters/greek"), "the program never saw it");
}

#[test]
fn of_files_that_are_only_looked_at_read_has_no_contents() {
    let case = Case::new(letters);
    let script = "cat letters/copy-of-a; test -e letters/a; mv letters/greek/alpha letters/moved";
    case.recorder_with(&["--snapshot", "read"], &["sh", "-c", script]).output().expect("it runs");
    let root = Root::prepared(&case);
    let tree = root.tree();
    assert_eq!(tree.entry("letters/a").content, vec![0; 200_000]);
    assert_eq!(tree.entry("letters/copy-of-a").content, "some text\n".repeat(20_000).as_bytes());
    assert_eq!(tree.entry("letters/greek/alpha").content, b"alpha\n");
}

#[test]
fn a_file_above_the_limit_is_left_out_loudly() {
    let case = Case::new(letters);
    let words = ["--snapshot", "full", "--snapshot-limit", "100K"];
    let output = case.recorder_with(&words, &["cat", "letters/a"]).output().expect("it runs");
    assert!(told(&output).contains("larger than --snapshot-limit"), "{}", told(&output));
    let output = prepare(&TempDir::new().unwrap().path().join("new"), &case.trace(), &[]);
    assert!(told(&output).contains("files with zeros"), "{}", told(&output));
}

#[test]
fn a_folder_with_something_in_it_is_left_alone_unless_forced() {
    let case = Case::new(letters);
    case.recorder_with(&["--snapshot", "full"], &["cat", "letters/a"]).output().expect("it runs");
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("mine"), "mine").unwrap();
    let refused = prepare(root.path(), &case.trace(), &[]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(told(&refused).contains("it isn't empty"), "{}", told(&refused));
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    for _ in 0..2 {
        let forced = prepare(root.path(), &case.trace(), &["--force"]);
        assert_eq!(forced.status.code(), Some(0), "{}", told(&forced));
    }
    assert_eq!(fs::read(root.path().join("mine")).unwrap(), b"mine");
}

#[test]
fn a_trace_without_a_snapshot_says_what_to_do() {
    let case = Case::new(letters);
    case.record_all(&["true"]);
    let output = prepare(&TempDir::new().unwrap().path().join("new"), &case.trace(), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("--snapshot"), "{}", told(&output));
}

#[test]
fn a_trace_called_prepare_is_replayed() {
    let case = Case::new(letters);
    case.record_all(&["true"]);
    let scratch = TempDir::new().unwrap();
    fs::copy(case.trace(), scratch.path().join("prepare")).unwrap();
    let mut command = Command::new(program("replayer"));
    command.arg("--plugins").arg(replay_tests::built::plugins()).arg("--quiet").arg("./prepare");
    let output = command.current_dir(scratch.path()).output().expect("the replayer runs");
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
}

/// A row for `path` of a snapshot made by hand.
fn file(forge: &mut Forge, path: &str, mode: u32, cells: &[(&str, Cell<'_>)]) {
    let mut all = vec![
        ("path", Cell::Bytes(path.as_bytes())),
        ("mode", Cell::Number(mode.into())),
        ("links", Cell::Number(1)),
    ];
    all.extend_from_slice(cells);
    forge.row(FILE, &all);
}

const DIRECTORY: u32 = libc::S_IFDIR | 0o755;
const REGULAR: u32 = libc::S_IFREG | 0o644;
const LINK: u32 = libc::S_IFLNK | 0o777;
const DEVICE: u32 = libc::S_IFBLK | 0o666;

#[test]
fn a_hostile_snapshot_touches_nothing_outside() {
    let scratch = TempDir::new().unwrap();
    let outside = scratch.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "secret").unwrap();
    let there = outside.to_str().expect("the path is text");
    let absolute = format!("{there}/absolute");
    let mut forge = Forge::new("/");
    file(&mut forge, "/../outside/a", REGULAR, &[]);
    file(&mut forge, "/d/../../outside/b", DIRECTORY, &[]);
    file(&mut forge, "/link", LINK, &[("target", Cell::Bytes(there.as_bytes()))]);
    file(&mut forge, "/link/c", REGULAR, &[]);
    file(&mut forge, "/link/d", DIRECTORY, &[]);
    file(&mut forge, "/link/e", LINK, &[("target", Cell::Bytes(b"x"))]);
    file(&mut forge, "/link/secret", REGULAR, &[("owner", Cell::Number(12345))]);
    file(&mut forge, &absolute, REGULAR, &[]);
    file(&mut forge, "/nul\0/x", REGULAR, &[]);
    file(&mut forge, "", REGULAR, &[]);
    file(&mut forge, "/device", DEVICE, &[]);
    file(&mut forge, "/huge", REGULAR, &[("size", Cell::Number(i64::MAX))]);
    file(&mut forge, "/negative", REGULAR, &[("size", Cell::Number(-1))]);
    file(
        &mut forge,
        "/short",
        REGULAR,
        &[("size", Cell::Number(3)), ("content", Cell::Bytes(&[7; 32]))],
    );
    file(&mut forge, "/no-target", LINK, &[]);
    for offset in [0, 1, i64::MAX, -1] {
        let data = Cell::Bytes(b"more than three");
        let cells = [("data", data), ("hash", Cell::Bytes(&[7; 32])), ("offset", offset.into())];
        forge.row(CONTENT, &cells);
    }
    let value = ("value", Cell::Bytes(b"v"));
    for path in ["/link", "/link/secret", "/nowhere"] {
        let names = [("path", Cell::Bytes(path.as_bytes())), ("name", Cell::Bytes(b"user.x"))];
        forge.row(XATTR, &[names[0], names[1], value]);
    }
    forge.call(1, "sync", Ok(0), &[]);
    let trace = scratch.path().join("trace.ds");
    forge.write(&trace);
    let root = scratch.path().join("root");
    let output = prepare(&root, &trace, &[]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    let told = told(&output);
    for said in
        ["leads elsewhere", "isn't a directory", "devices", "doesn't have all", "File too large"]
    {
        assert!(told.contains(said), "{said}: {told}");
    }
    let left: Vec<_> =
        fs::read_dir(&outside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["secret"]);
    assert_eq!(fs::read(outside.join("secret")).unwrap(), b"secret");
    let secret = Tree::of(&outside);
    assert_ne!(secret.entry("secret").owner.0, 12345);
    assert!(secret.entry("secret").attributes.is_empty());
    let tree = Tree::of(&root);
    assert_eq!(tree.entry("link").kind, 'l');
    assert!(tree.has(absolute.strip_prefix('/').expect("it is absolute")), "beneath the root");
    assert!(!tree.has("device") && !tree.has("negative"));
    assert_eq!(tree.entry("short").size, 3);
}

#[test]
fn a_damaged_content_is_told() {
    let mut forge = Forge::new("/");
    let key = ("content", Cell::Bytes(&[9; 32]));
    file(&mut forge, "/a", REGULAR, &[("size", Cell::Number(3)), key]);
    let cells = [("data", Cell::Bytes(b"abc")), ("hash", Cell::Bytes(&[9; 32]))];
    forge.row(CONTENT, &cells).call(1, "sync", Ok(0), &[]);
    let scratch = TempDir::new().unwrap();
    let trace = scratch.path().join("trace.ds");
    forge.write(&trace);
    let output = prepare(&scratch.path().join("root"), &trace, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(told(&output).contains("doesn't have all of its content"), "{}", told(&output));
}
