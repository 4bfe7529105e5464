//! Real programs under strace: the traces made of its output hold what the recorder's would, and replay.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use replay_tests::built::program;
use replay_tests::case::{Case, told};
use replay_tests::strace::{FLAGS, Row, convert, kind, rows, strace};

/// A file, a folder with files of several sizes, and links of both kinds.
fn some_files(folder: &Path) {
    fs::write(folder.join("a"), "some text\n".repeat(20_000)).unwrap();
    fs::create_dir_all(folder.join("d/e")).unwrap();
    fs::create_dir_all(folder.join("x/y")).unwrap();
    fs::write(folder.join("d/empty"), "").unwrap();
    fs::write(folder.join("d/e/small"), "small\n").unwrap();
    fs::set_permissions(folder.join("d/e/small"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::hard_link(folder.join("d/e/small"), folder.join("d/second")).unwrap();
    symlink("e/small", folder.join("d/link")).unwrap();
}

/// Converts what strace writes of `words`, and replays it with every check there is.
#[track_caller]
fn replays(flags: &[&str], words: &[&str]) {
    let case = Case::new(some_files);
    let log = strace(&case, flags, words);
    let before = case.tree();
    convert(&case, &logs(&log).iter().map(PathBuf::as_path).collect::<Vec<_>>());
    case.reset();
    let replay = case.replay(&["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{words:?}: {}", told(&replay));
    assert_eq!(before.differences(&case.tree()), Vec::<String>::new(), "{words:?}");
}

/// The log, or with `-ff` all those whose names begin with its.
fn logs(log: &Path) -> Vec<PathBuf> {
    if log.exists() {
        return vec![log.to_owned()];
    }
    let name = format!("{}.", log.file_name().unwrap().to_string_lossy());
    let files = fs::read_dir(log.parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let mut logs: Vec<_> = files
        .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(&name))
        .collect();
    logs.sort();
    logs
}

#[test]
fn files_are_copied_moved_and_removed_again() {
    for words in [
        &["cp", "a", "b"][..],
        &["cp", "-a", "d", "copy"],
        &["mv", "a", "d/moved"],
        &["rm", "-r", "d"],
        &["mkdir", "-p", "-m", "750", "n/y/z"],
        &["sh", "-c", "rmdir x 2>/dev/null; rmdir x/y"],
        &["sh", "-c", "ln a hard; ln -s a soft; ln -sf d soft"],
        &["sh", "-c", "touch new; touch -d '2001-02-03 04:05:06.123456789 UTC' a; touch -r a d/e"],
    ] {
        replays(&FLAGS, words);
    }
}

#[test]
fn files_are_read_written_and_packed_again() {
    for words in [
        &["ls", "-lR"][..],
        &["sh", "-c", "cat a d/e/small d/link > all"],
        &["dd", "if=a", "of=b", "bs=4096", "count=10", "seek=3", "status=none"],
        &["tar", "cf", "d.tar", "d"],
        &["sh", "-c", "tar cf d.tar d && rm -r d && tar xpf d.tar"],
    ] {
        replays(&FLAGS, words);
    }
}

#[test]
fn processes_and_pipes_are_there_again() {
    let script =
        "cat a a a | tr a-z A-Z | sort | uniq -c > counted; (echo begin; tail -n 3 a) | tee out";
    replays(&FLAGS, &["sh", "-c", script]);
    replays(&FLAGS, &["sh", "-c", "cat a | sort -n -o sorted"]);
}

#[test]
fn a_log_per_task_is_put_in_order() {
    let flags = ["-ff", "-ttt", "-T", "-v", "-s", "1000000"];
    replays(&flags, &["sh", "-c", "cat a > big; cp -a d copy; mv copy moved; rm big"]);
}

#[test]
fn logs_replay_however_their_data_is_shown() {
    for more in [&["-xx"][..], &["-x", "-y"], &["-yy"], &["-X", "raw"], &["-X", "verbose"]] {
        let flags = [&FLAGS[..], more].concat();
        replays(&flags, &["cp", "-a", "d", "copy"]);
    }
}

#[test]
fn local_sockets_and_asynchronous_requests_are_there_again() {
    replays(&FLAGS, &[&program("local-sockets").to_string_lossy()]);
}

/// Columns that differ between two runs of a program, or that strace doesn't tell. All others are equal.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("*", "unique_id", "order ids are taken for different moments"),
    ("*", "time_called", "the times are those of the run"),
    ("*", "time_returned", "the times are those of the run"),
    ("*", "time_recorded", "the times are those of the run"),
    ("*", "executing_pid", "every run has ids of its own"),
    ("*", "executing_tid", "every run has ids of its own"),
    ("*", "address", "addresses are random"),
    ("*", "address_2", "not printed where the operation takes none; an address else"),
    ("*", "start_address", "addresses are random"),
    ("*", "handler_address", "addresses are random"),
    ("*", "child_thread_id", "every run has ids of its own"),
    ("*", "child_pid", "every run has ids of its own"),
    ("clone", "new_tls", "not printed unless it is set"),
    ("brk", "return_value", "addresses are random"),
    ("mmap", "return_value", "addresses are random"),
    ("mremap", "return_value", "addresses are random"),
    ("clone", "return_value", "every run has ids of its own"),
    ("vfork", "return_value", "every run has ids of its own"),
    ("wait4", "return_value", "every run has ids of its own"),
    ("set_tid_address", "return_value", "every run has ids of its own"),
    ("getpid", "return_value", "every run has ids of its own"),
    ("getppid", "return_value", "every run has ids of its own"),
    ("ioctl", "parameter", "an address where the request takes a buffer"),
    ("ioctl", "buffer_size", "of a request that failed"),
    ("getrandom", "data_read", "random"),
    ("*", "stat_result_ino", "every run has files of its own"),
    ("*", "stat_result_atime", "the times are those of the run"),
    ("*", "stat_result_ctime", "the times are those of the run"),
    ("*", "stat_result_mtime", "the times are those of the run"),
    ("*", "stat_result_blocks", "the file system's own affair"),
    ("*", "statx_result_ino", "every run has files of its own"),
    ("*", "statx_result_atime", "the times are those of the run"),
    ("*", "statx_result_btime", "the times are those of the run"),
    ("*", "statx_result_ctime", "the times are those of the run"),
    ("*", "statx_result_mtime", "the times are those of the run"),
    ("utimensat", "access_time", "the times are those of the run"),
    ("utimensat", "modify_time", "the times are those of the run"),
    ("*", "dirent_buffer", "inode numbers; and strace prints no padding"),
    ("sysinfo", "uptime", "the times are those of the run"),
    ("sysinfo", "free_memory", "the machine is in use"),
    ("*", "statfs_result_bavail", "the file system is in use"),
    ("*", "statfs_result_bfree", "the file system is in use"),
    ("*", "statfs_result_ffree", "the file system is in use"),
    ("connect", "sockaddr_buffer", "behind the path's NUL is whatever the program had there"),
];

fn is_exception(kind: &str, column: &str) -> bool {
    EXCEPTIONS.iter().any(|(of, name, _)| (*of == "*" || *of == kind) && *name == column)
}

/// Signals arrive when they do, and who waits for a child meets it before or after.
const OF_THE_MOMENT: [&str; 2] = ["rt_sigreturn", "wait4"];

/// The rows of each task, in the order in which the tasks come.
fn by_task(rows: Vec<Row>) -> Vec<Vec<Row>> {
    let mut numbers = BTreeMap::new();
    let mut tasks: Vec<Vec<Row>> = Vec::new();
    for row in rows {
        let is_start = row["unique_id"] == 0;
        if is_start || OF_THE_MOMENT.contains(&kind(&row)) {
            continue;
        }
        let number = *numbers.entry(row["executing_tid"].as_i64()).or_insert(tasks.len());
        if number == tasks.len() {
            tasks.push(Vec::new());
        }
        tasks[number].push(row);
    }
    tasks
}

#[test]
fn rows_are_those_of_the_recorder() {
    let mut problems = Vec::new();
    for words in [
        &["cp", "-a", "d", "copy"][..],
        &["mv", "a", "d/moved"],
        &["rm", "-r", "d"],
        &["ls", "-lR"],
        &["mkdir", "-p", "-m", "750", "n/y/z"],
        &["touch", "-r", "a", "d/empty"],
        &["dd", "if=a", "of=b", "bs=4096", "count=10", "seek=3", "status=none"],
        &["tar", "cf", "d.tar", "d"],
        &["sh", "-c", "ln a hard; ln -s a soft; rm hard"],
    ] {
        let case = Case::new(some_files);
        let mut recorder = case.recorder(words);
        let output = recorder.env_remove("LD_LIBRARY_PATH").output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", told(&output));
        let recorded = by_task(rows(&case.trace()));
        case.reset();
        let log = strace(&case, &FLAGS, words);
        convert(&case, &[&log]);
        let converted = by_task(rows(&case.trace()));
        let kinds = |tasks: &[Vec<Row>]| -> Vec<Vec<String>> {
            let of = |task: &Vec<Row>| task.iter().map(|row| kind(row).to_owned()).collect();
            tasks.iter().map(of).collect()
        };
        assert_eq!(kinds(&recorded), kinds(&converted), "{words:?}");
        for (expected, row) in recorded.iter().flatten().zip(converted.iter().flatten()) {
            let kind = kind(expected);
            for (column, value) in expected.iter().filter(|(name, _)| !is_exception(kind, name)) {
                if Some(value) != row.get(column) {
                    problems
                        .push(format!("{words:?} {kind}.{column}: {value} {:?}", row.get(column)));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
