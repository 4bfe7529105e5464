//! Programs recorded with ptrace, and by other ways: the rows are equal but for times and ids. With the agent
//! there is no other exception; of strace's lines, of which strace2ds makes a trace, there is what strace
//! doesn't print.

#[path = "strace_equal/exceptions.rs"]
mod exceptions;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use exceptions::{OF_THE_RUN, UNTOLD};
use replay_tests::built::program;
use replay_tests::case::{Case, told};
use replay_tests::families::ALL;
use replay_tests::strace::tasks::{Descent, by_task, streams};
use replay_tests::strace::{FLAGS, Row, convert, kind, rows, strace_at_same_addresses};
use serde_json::Value;

/// A program, and what of it isn't the same in every run.
#[derive(Clone)]
struct Program {
    /// The test of it in `programs.rs`, or the family.
    name: &'static str,
    /// Puts its folder into the first state.
    make: fn(&Path),
    /// It and its arguments.
    words: Vec<String>,
    /// Calls of which there are more or fewer each time, such as reads of a pipe: their data is the same.
    streams: &'static str,
    /// Calls that are made or not as threads and signals meet.
    of_the_moment: &'static str,
    /// The number of a child whose threads end at different moments.
    untidy: Option<usize>,
    /// Columns that the program itself makes differ, as `type.column`.
    random: &'static str,
}

/// What signals decide: when a child's end comes, and whether it is waited for before.
const OF_THE_MOMENT: &str = "rt_sigreturn wait4";

/// What threads decide too: who waits for another.
const OF_OURS: &str = "rt_sigreturn wait4 futex";

/// Calls of threads that the C library makes for their memory, if the first thread hasn't just done so.
const OF_THREADS: &str = "mmap munmap mprotect madvise";

fn some_files(folder: &Path) {
    fs::write(folder.join("a"), "some text\n".repeat(20_000)).unwrap();
    fs::create_dir_all(folder.join("d/e")).unwrap();
    fs::create_dir_all(folder.join("x/y")).unwrap();
    fs::write(folder.join("d/empty"), "").unwrap();
    fs::write(folder.join("d/e/small"), "small\n").unwrap();
    fs::set_permissions(folder.join("d/e/small"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::hard_link(folder.join("d/e/small"), folder.join("d/second")).unwrap();
    symlink("e/small", folder.join("d/link")).unwrap();
    let lines: String = (0..20_000).map(|n: u64| format!("{}\n", n * 7919 % 20_011)).collect();
    fs::write(folder.join("lines"), lines).unwrap();
}

/// The same with an archive in it.
fn an_archive(folder: &Path) {
    some_files(folder);
    let mut tar = Command::new("sh");
    tar.args(["-c", "tar cf d.tar d && rm -r d"]).current_dir(folder);
    assert!(tar.status().expect("there is a shell").success());
}

fn nothing(_: &Path) {}

impl Program {
    fn new(name: &'static str, make: fn(&Path), words: &[&str]) -> Self {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            name,
            make,
            words,
            streams: "",
            of_the_moment: OF_THE_MOMENT,
            untidy: None,
            random: "",
        }
    }

    fn of_shell(name: &'static str, script: &str) -> Self {
        Self::new(name, some_files, &["sh", "-c", script])
    }

    fn of_ours(name: &'static str, file: &str) -> Self {
        Self::new(name, nothing, &[&program(file).to_string_lossy()]).with_of_the_moment(OF_OURS)
    }

    fn with_random(self, random: &'static str) -> Self {
        Self { random, ..self }
    }

    fn with_of_the_moment(self, of_the_moment: &'static str) -> Self {
        Self { of_the_moment, ..self }
    }

    fn with_streams(self, streams: &'static str) -> Self {
        Self { streams, ..self }
    }
}

/// The end-to-end programs.
fn programs() -> Vec<Program> {
    let touch = "touch new; touch -d '2001-02-03 04:05:06.123456789 UTC' a; touch -r a d/empty";
    let dd = "dd if=a of=b bs=4096 count=10 seek=3 status=none; \
              dd if=b of=a bs=100 skip=7 count=9 conv=notrunc status=none";
    let pipeline = "cat a a a a a | tr a-z A-Z | sort | uniq -c > counted; \
                    (echo begin; tail -n 3 a; echo end) | tee out | wc -l > lines";
    vec![
        Program::new("cp_copies_a_file", some_files, &["cp", "a", "b"]),
        Program::new(
            "cp_copies_a_tree_with_modes_links_and_times",
            some_files,
            &["cp", "-a", "d", "copy"],
        ),
        Program::new("mv_renames", some_files, &["mv", "a", "d/moved"]),
        Program::new("rm_removes_a_tree", some_files, &["rm", "-r", "d"]),
        Program::new("ls_lists_a_tree", some_files, &["ls", "-lR"]),
        Program::new(
            "mkdir_makes_folders_with_a_mode",
            nothing,
            &["mkdir", "-p", "-m", "750", "x/y/z"],
        ),
        Program::of_shell(
            "rmdir_removes_an_empty_folder_and_no_other",
            "rmdir x 2>/dev/null; rmdir x/y",
        ),
        // ln makes up a name for the link that takes the other's place.
        Program::of_shell("ln_links_hard_and_soft", "ln a hard; ln -s a soft; ln -sf d soft")
            .with_random("symlinkat.given_pathname renameat.given_oldname")
            .with_of_the_moment("rt_sigreturn wait4 getrandom"),
        Program::of_shell("touch_makes_files_and_sets_times", touch),
        Program::of_shell("cat_reads", "cat a d/e/small d/link > all"),
        Program::of_shell("dd_copies_blocks", dd),
        Program::new("tar_packs", some_files, &["tar", "cf", "d.tar", "d"]),
        Program::new("tar_unpacks_with_times", an_archive, &["tar", "xpf", "d.tar"]),
        Program::of_shell("sort_takes_from_a_pipe", "cat lines | sort -n -o sorted")
            .with_streams("read write"),
        Program::of_shell("a_shell_pipeline_moves_more_than_a_pipe_holds", pipeline)
            .with_streams("read write"),
        // As it reads from a socket its memory grows by what has come until then.
        Program::of_ours("local_sockets_carry_data_and_descriptors", "local-sockets")
            .with_of_the_moment("rt_sigreturn wait4 futex mmap mremap munmap")
            .with_streams("recvfrom"),
        Program::of_ours("asynchronous_requests_are_submitted_again", "async-io"),
    ]
}

/// Every family's program.
fn families() -> Vec<Program> {
    let path = program("family").to_string_lossy().into_owned();
    let families = ALL.iter().map(|family| {
        let words = [path.as_str(), family.name];
        let plain = Program::new(family.name, nothing, &words).with_of_the_moment(OF_OURS);
        match family.name {
            // Its threads open files at the same time, and their memory is the C library's to give.
            "files" => Program {
                random: "open.return_value openat.return_value openat2.return_value close.descriptor read.descriptor \
                         write.descriptor pread.descriptor pwrite.descriptor readv.descriptor \
                         writev.descriptor preadv.descriptor pwritev.descriptor \
                         fsync.descriptor fdatasync.descriptor ftruncate.descriptor",
                ..plain
            },
            // It reads what the kernel says of a thread of its own.
            "signals" => Program { random: "openat.given_pathname", ..plain },
            "memory" => Program { of_the_moment: "rt_sigreturn wait4 futex sched_yield", ..plain },
            // Its tenth process has threads that end, or run a program, as they come to it.
            "processes" => Program {
                untidy: Some(9),
                ..plain
            },
            _ => plain,
        }
    });
    families.collect()
}

fn has(words: &str, word: &str) -> bool {
    words == "*" || words.split_ascii_whitespace().any(|one| one == word)
}

thread_local! {
    /// Which of [`UNTOLD`] were met.
    static MET: RefCell<BTreeSet<(usize, String, String)>> = RefCell::default();
}

/// Whether the column may differ.
fn is_exception(program: &Program, kind: &str, column: &str) -> bool {
    let untold = UNTOLD.iter().enumerate().find(|(_, untold)| {
        let is_there = untold.is_anywhere || untold.program == program.name;
        is_there && has(untold.kinds, kind) && has(untold.columns, column)
    });
    if let Some((number, _)) = untold {
        let met = (number, kind.to_owned(), column.to_owned());
        MET.with_borrow_mut(|all| all.insert(met));
        return true;
    }
    is_of_the_run(program, kind, column)
}

/// Whether the column differs from one run to the next, however it is recorded.
fn is_of_the_run(program: &Program, kind: &str, column: &str) -> bool {
    has(program.random, &format!("{kind}.{column}"))
        || OF_THE_RUN.iter().any(|(kinds, columns, _)| has(kinds, kind) && has(columns, column))
}

/// Every exception that should have been met and wasn't.
fn not_met(programs: &[Program], strace: (u32, u32)) -> Vec<String> {
    let mut missing = Vec::new();
    for (number, untold) in UNTOLD.iter().enumerate() {
        let is_theirs = programs.iter().any(|program| untold.program == program.name);
        let is_told_by_now = untold.until.is_some_and(|until| strace >= until);
        if !is_theirs || is_told_by_now {
            continue;
        }
        for kind in untold.kinds.split_ascii_whitespace() {
            for column in untold.columns.split_ascii_whitespace() {
                let met = (number, kind.to_owned(), column.to_owned());
                if !MET.with_borrow(|all| all.contains(&met)) {
                    missing.push(format!("{kind}.{column} is equal by now: {}", untold.why));
                }
            }
        }
    }
    missing
}

/// The rows of each task.
type Tasks = BTreeMap<Descent, Vec<Row>>;

/// Records `program`, with addresses that are the same each time.
fn recorded(program: &Program, case: &Case) -> Tasks {
    let words: Vec<_> = program.words.iter().map(String::as_str).collect();
    // The recorder refuses rings unless it is told not to, and strace doesn't.
    let recorder = case.recorder_with(&["--allow", "io_uring_setup"], &words);
    let mut plain = Command::new("setarch");
    plain.arg("-R").arg(recorder.get_program()).args(recorder.get_args());
    plain.current_dir(case.folder()).env("LC_ALL", "C").env_remove("LD_LIBRARY_PATH");
    let output = plain.output().unwrap();
    assert!(output.status.success(), "{}: {}", program.name, told(&output));
    by_task(rows(&case.trace()))
}

/// What is unequal in the rows of `program` as strace tells of them.
fn differences(program: &Program) -> Vec<String> {
    let case = Case::new(program.make);
    let recorded = recorded(program, &case);
    case.reset();
    let words: Vec<_> = program.words.iter().map(String::as_str).collect();
    let log = strace_at_same_addresses(&case, &FLAGS, &words);
    convert(&case, &[&log]);
    unequal(program, &recorded, &by_task(rows(&case.trace())), is_exception)
}

/// What is unequal in the rows of `program` as the agent records them.
fn differences_of_the_agent(program: &Program) -> Vec<String> {
    let case = Case::new(program.make).with_backend("agent");
    let by_agent = recorded(program, &case);
    case.reset();
    let by_ptrace = recorded(program, &case.with_backend("ptrace"));
    unequal(program, &by_agent, &by_ptrace, |program, kind, column| {
        match (kind, column) {
            // Numbers of files; what lies behind the NUL of a path; what others leave on the disk.
            (_, "dirent_buffer") | ("connect", "sockaddr_buffer") | ("ustat", _) => true,
            _ => is_of_the_run(program, kind, column),
        }
    })
}

/// What is unequal in two runs of `program`, but for columns that `is_exception` says may differ.
fn unequal(
    program: &Program,
    recorded: &Tasks,
    converted: &Tasks,
    is_exception: fn(&Program, &str, &str) -> bool,
) -> Vec<String> {
    let mut problems = Vec::new();
    let is_untidy = |task: &Descent| !task.is_empty() && task.first() == program.untidy.as_ref();
    let tasks =
        |rows: &Tasks| rows.keys().filter(|task| !is_untidy(task)).cloned().collect::<Vec<_>>();
    if tasks(recorded) != tasks(converted) {
        problems.push(format!("tasks: {:?} {:?}", tasks(recorded), tasks(converted)));
    }
    for (task, rows) in recorded.iter().filter(|(task, _)| !is_untidy(task)) {
        let others = converted.get(task).map_or(&[][..], |rows| rows);
        let is_stream = |row: &&Row| has(program.streams, kind(row));
        let (one, other) =
            (streams(rows.iter().filter(is_stream)), streams(others.iter().filter(is_stream)));
        if one != other {
            problems.push(format!("task {task:?}: other data in {:?}", program.streams));
        }
        let is_compared = |row: &&Row| {
            let is_a_threads = !task.is_empty() && has(OF_THREADS, kind(row));
            !is_stream(row) && !has(program.of_the_moment, kind(row)) && !is_a_threads
        };
        let rows: Vec<_> = rows.iter().filter(is_compared).collect();
        let others: Vec<_> = others.iter().filter(is_compared).collect();
        let kinds = |rows: &[&Row]| rows.iter().map(|row| kind(row).to_owned()).collect::<Vec<_>>();
        let (one, other) = (kinds(&rows), kinds(&others));
        if one != other {
            let at = one.iter().zip(&other).take_while(|(one, other)| one == other).count();
            let around =
                |kinds: &[String]| kinds.iter().skip(at).take(5).cloned().collect::<Vec<_>>();
            let (one, other) = (around(&one), around(&other));
            problems.push(format!("task {task:?}, call {at}: {one:?} {other:?}"));
            continue;
        }
        let mut kernels = KernelsFiles::default();
        for (row, other) in rows.iter().zip(others) {
            if kernels.is_read_by(row) {
                continue;
            }
            let unequal = row.iter().filter(|(column, value)| Some(*value) != other.get(*column));
            for (column, value) in unequal {
                if !is_exception(program, kind(row), column) {
                    let other = other.get(column);
                    problems.push(format!("{}.{column}: {value} {other:?}", kind(row)));
                }
            }
        }
    }
    problems.iter().map(|problem| format!("{}: {problem}", program.name)).collect()
}

/// Descriptors that are open on files of /proc, which tell of the run.
#[derive(Default)]
struct KernelsFiles(BTreeSet<i64>);

impl KernelsFiles {
    /// Takes in a row, and says whether it reads such a file.
    fn is_read_by(&mut self, row: &Row) -> bool {
        let number = |name: &str| row.get(name).and_then(Value::as_i64).unwrap_or(-1);
        if kind(row) == "openat" {
            let path = row["given_pathname"].as_str().unwrap_or_default();
            match path.starts_with("/proc/") {
                true => self.0.insert(number("return_value")),
                false => self.0.remove(&number("return_value")),
            };
        }
        ["read", "pread"].contains(&kind(row)) && self.0.contains(&number("descriptor"))
    }
}

/// The version of the strace that is installed.
fn version() -> (u32, u32) {
    let output = Command::new("strace").arg("--version").output().expect("strace is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split_ascii_whitespace().find(|word| word.contains('.'));
    let (major, minor) = version.and_then(|version| version.split_once('.')).expect("it has one");
    (major.parse().unwrap(), minor.split('.').next().unwrap().parse().unwrap())
}

#[track_caller]
fn are_equal(programs: &[Program]) {
    let mut problems: Vec<_> = programs.iter().flat_map(differences).collect();
    problems.extend(not_met(programs, version()));
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn with_the_agent_all_rows_are_equal() {
    let all = [programs(), families()].concat();
    let problems: Vec<_> = all.iter().flat_map(differences_of_the_agent).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn end_to_end_programs_have_equal_rows() {
    are_equal(&programs());
}

#[test]
fn every_familys_calls_have_equal_rows() {
    are_equal(&families());
}

#[test]
fn every_end_to_end_program_is_among_them() {
    let source = include_str!("programs.rs");
    let names = source.split("#[test]\nfn ").skip(1).filter_map(|test| test.split('(').next());
    let compared: BTreeSet<_> = programs().iter().map(|program| program.name).collect();
    assert_eq!(names.collect::<BTreeSet<_>>(), compared);
}
