//! Real programs under strace: the traces made of its output hold what the recorder's would, and replay.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use replay_tests::built::program;
use replay_tests::case::{Case, told};
use replay_tests::strace::{FLAGS, convert, strace};

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
    let (converted, _) = converted_and_replayed(&case, flags, words);
    assert_eq!(converted.status.code(), Some(0), "{words:?}: {}", told(&converted));
}

/// The same, whatever the log lacks. Returns what strace2ds and the replayer said.
#[track_caller]
fn converted_and_replayed(case: &Case, flags: &[&str], words: &[&str]) -> (Output, Output) {
    let log = strace(case, flags, words);
    let before = case.tree();
    let converted = convert(case, &logs(&log).iter().map(PathBuf::as_path).collect::<Vec<_>>());
    case.reset();
    let replay = case.replay(&["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{words:?}: {}", told(&replay));
    assert_eq!(before.differences(&case.tree()), Vec::<String>::new(), "{words:?}");
    (converted, replay)
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

/// The log doesn't say where its program started; the replay knows where it starts itself.
#[test]
fn relative_paths_are_no_ignored_ones() {
    let case = Case::new(some_files);
    let log = strace(&case, &FLAGS, &["sh", "-c", "mkdir made; cat a > made/b"]);
    let before = case.tree();
    convert(&case, &[&log]);
    case.reset();
    let replay = case.replay(&["--abort", "--ignore", "/usr/**", "--ignore", "/etc/**"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert!(told(&replay).contains("on paths that are ignored"), "{}", told(&replay));
    assert_eq!(before.differences(&case.tree()), Vec::<String>::new());
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
fn logs_of_pipelines_ends_are_put_in_order() {
    let flags = ["-ff", "-ttt", "-T", "-v", "-s", "1000000"];
    let script =
        "cat a a a | tr a-z A-Z | sort | uniq -c > counted; (echo begin; tail -n 3 a) | tee out";
    replays(&flags, &["sh", "-c", script]);
    // Each writes more than a pipe holds, and takes longer to print than to write.
    replays(&flags, &["sh", "-c", "cat a a a a a | cat | cat | wc -c > n; cat a | sort -o sorted"]);
}

/// Options of strace that change how its lines look and not what they tell.
const LOOKS: &[&[&str]] = &[
    &["-xx"],
    &["-x", "-y"],
    &["-yy"],
    &["-Y"],
    &["-X", "raw"],
    &["-X", "abbrev"],
    &["-X", "verbose"],
    &["-i", "-n"],
    &["-k"],
    &["--seccomp-bpf"],
    &["--relative-timestamps=ns"],
    &["--relative-timestamps=s"],
    &["--syscall-times=s"],
    &["--decode-fds=all", "--decode-pids=comm"],
    &["--decode-pids=pidns", "--quiet=all"],
    &["--strings-in-hex=non-ascii-chars", "--tips=full"],
    &["-e", "raw=close,lseek"],
    &["-e", "inject=getuid:retval=7"],
];

#[test]
fn logs_replay_however_their_data_is_shown() {
    for more in LOOKS {
        let flags = [&FLAGS[..], more].concat();
        replays(&flags, &["cp", "-a", "d", "copy"]);
    }
}

/// strace shows neither where requests stand in memory nor what was read.
#[test]
fn asynchronous_requests_are_made_again_and_what_the_log_lacks_is_told() {
    let case = Case::new(|_| ());
    let requests = program("async-io");
    let (converted, replay) = converted_and_replayed(&case, &FLAGS, &[&requests.to_string_lossy()]);
    assert_eq!(converted.status.code(), Some(1), "{}", told(&converted));
    assert!(told(&converted).contains(" buffers are not in the log"), "{}", told(&converted));
    assert!(told(&replay).contains("not in the trace: "), "{}", told(&replay));
    let replay = told(&replay);
    let mut left_out = replay.lines().filter(|line| line.contains("not made"));
    assert!(!left_out.any(|line| line.contains("io_submit")), "{replay}");
}

/// Without an option that a replay needs: what is said of it, by whom, and with which exit status.
#[test]
fn what_a_log_lacks_is_told_by_all_who_read_its_trace() {
    for (flags, lacks, status) in [
        (&["-f", "-ttt", "-T", "-v"][..], "strings were cut off", 1),
        (&["-f", "-ttt", "-T", "-s", "1000000"], "structures and lists were abbreviated", 1),
        (
            &["-ttt", "-T", "-v", "-s", "1000000"],
            "processes or threads were made whose calls aren't in the log",
            1,
        ),
        (&["-f", "-T", "-v", "-s", "1000000"], "calls have no time", 0),
        (&["-f", "-tt", "-T", "-v", "-s", "1000000"], "calls have a time without its date", 0),
        (&["-f", "-ttt", "-v", "-s", "1000000"], "calls don't tell when they returned", 0),
    ] {
        let case = Case::new(some_files);
        let log = strace(&case, flags, &["sh", "-c", "cat a > b; cp a c"]);
        let converted = convert(&case, &[&log]);
        assert_eq!(converted.status.code(), Some(status), "{flags:?}: {}", told(&converted));
        let command = "made by: strace -f -ttt -T -v -s 1000000 -o LOG PROGRAM";
        for said in [lacks, command] {
            assert!(told(&converted).contains(said), "{flags:?}: {}", told(&converted));
        }
        case.reset();
        let replay = told(&case.replay(&[]));
        let lines: Vec<_> =
            replay.lines().filter(|line| line.contains("not in the trace")).collect();
        assert!(lines.iter().any(|line| line.contains(lacks)), "{flags:?}: {replay}");
        let info = Command::new(program("dstool")).arg("info").arg(case.trace()).output().unwrap();
        let info = String::from_utf8_lossy(&info.stdout).into_owned();
        assert!(info.contains(lacks), "{flags:?}: {info}");
    }
}

#[test]
fn logs_replay_with_any_times_or_none() {
    let plain = ["-f", "-v", "-s", "1000000"];
    let precise = ["--absolute-timestamps=format:unix,precision:ns", "--syscall-times=ns"];
    let all = [&[][..], &["-t"], &["-tt", "-T"], &["-r"], &["-r", "-t"], &["-ttt"], &precise];
    for times in all {
        replays(&[&plain[..], times].concat(), &["cp", "-a", "d", "copy"]);
    }
}

#[test]
fn logs_of_some_calls_only_replay() {
    for some in [&["-z"][..], &["-Z"], &["-e", "trace=%file,%desc"], &["-P", "a", "-P", "b"]] {
        let case = Case::new(some_files);
        let log = strace(&case, &[&FLAGS[..], some].concat(), &["cp", "a", "b"]);
        convert(&case, &[&log]);
        case.reset();
        let replay = case.replay(&["--quiet"]);
        assert_eq!(replay.status.code(), Some(0), "{some:?}: {}", told(&replay));
    }
}

#[test]
fn a_log_goes_straight_into_the_trace() {
    let case = Case::new(some_files);
    let strace2ds = replay_tests::strace::strace2ds(&case, &[Path::new("-")]);
    let quoted = |word: &std::ffi::OsStr| format!("'{}'", word.to_string_lossy());
    let words = std::iter::once(strace2ds.get_program()).chain(strace2ds.get_args());
    let pipe = format!("|{}", words.map(quoted).collect::<Vec<_>>().join(" "));
    let mut strace = std::process::Command::new("strace");
    strace.args(["-f", "-ttt", "-T", "-xx", "-v", "-s", "1000000", "-o", &pipe]);
    strace.args(["cp", "-a", "d", "copy"]).current_dir(case.folder()).env("LC_ALL", "C");
    let output = strace.env_remove("LD_LIBRARY_PATH").output().expect("strace is installed");
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(told(&output), "", "nothing is missing");
    let before = case.tree();
    case.reset();
    let replay = case.replay(&["--verify", "--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert_eq!(before.differences(&case.tree()), Vec::<String>::new());
}

#[test]
fn local_sockets_are_there_again() {
    replays(&FLAGS, &[&program("local-sockets").to_string_lossy()]);
}
