//! How a replay ends before its time, and what it lives with: signals, limits, full disks, crowds, odd clocks.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use replay_tests::built::program;
use replay_tests::case::{Case, told};
use replay_tests::forge::{Cell, Forge};
use replay_tests::users::is_root;

/// A trace whose second call waits for the other end of a FIFO, which never comes.
fn waiting() -> Case {
    let case = Case::new(|folder| {
        let mut mkfifo = Command::new("mkfifo");
        assert!(mkfifo.arg(folder.join("fifo")).status().unwrap().success());
    });
    let cwd = ("descriptor", Cell::Number(libc::AT_FDCWD.into()));
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    forge.call(
        1,
        "mkdir",
        Ok(0),
        &[("given_pathname", "made".into()), ("mode_value", 0o755.into())],
    );
    forge.call(1, "openat", Ok(3), &[cwd, ("given_pathname", "fifo".into())]);
    forge.call(1, "mkdir", Ok(0), &[("given_pathname", "never".into())]);
    forge.write(&case.trace());
    case
}

/// Lets signals end `command`, also where the tests were started in the background, with them ignored.
fn interruptible(command: &mut Command) -> &mut Command {
    // SAFETY: what runs between fork and exec are calls that take numbers only.
    unsafe {
        command.pre_exec(|| {
            for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
                libc::signal(signal, libc::SIG_DFL);
            }
            Ok(())
        })
    }
}

fn send(child: &Child, signal: i32) {
    // SAFETY: the child is ours, and hasn't been waited for.
    assert_eq!(unsafe { libc::kill(child.id() as i32, signal) }, 0);
}

#[test]
fn a_signal_ends_the_replay_with_what_was_done_so_far() {
    for (signal, name, status) in [
        (libc::SIGINT, "SIGINT", 130),
        (libc::SIGTERM, "SIGTERM", 143),
        (libc::SIGHUP, "SIGHUP", 129),
    ] {
        let case = waiting();
        let mut command = case.replayer(&["--call-timeout", "3600"]);
        let mut child = interruptible(&mut command).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        // That call is about to be made.
        let announced = lines.by_ref().find(|line| line.contains("first openat"));
        assert!(announced.is_some());
        send(&child, signal);
        let rest: Vec<String> = lines.collect();
        let rest = rest.join("\n");
        assert_eq!(child.wait().unwrap().code(), Some(status), "{rest}");
        assert!(rest.contains("faithful so far; 1 of 1 calls made again, by 1 task"), "{rest}");
        assert!(rest.contains(&format!("{name} ended it")), "{rest}");
        assert!(case.folder().join("made").is_dir() && !case.folder().join("never").exists());
    }
}

#[test]
fn a_second_signal_ends_it_at_once() {
    // Nobody reads what the replay tells, so it never comes to its end by itself.
    let case = Case::new(|_| {});
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    for _ in 0..10_000 {
        forge.call(1, "access", Err(libc::ENOENT), &[("given_pathname", "nothing".into())]);
    }
    forge.write(&case.trace());
    let mut command = case.replayer(&["--verbose"]);
    let mut child = interruptible(&mut command).stderr(Stdio::piped()).spawn().unwrap();
    // Once it has told something, it is under way.
    let mut stderr = child.stderr.take().unwrap();
    stderr.read_exact(&mut [0; 100]).unwrap();
    send(&child, libc::SIGINT);
    send(&child, libc::SIGTERM);
    let status = child.wait().unwrap();
    assert!(matches!(status.code(), Some(130 | 143)), "{status:?} {:?}", status.signal());
}

#[test]
fn who_ignores_a_signal_is_not_ended_by_it() {
    let case = waiting();
    let mut command = case.replayer(&["--call-timeout", "2"]);
    // SAFETY: what runs between fork and exec is one call that takes numbers only.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGHUP, libc::SIG_IGN);
            Ok(())
        });
    }
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.by_ref().any(|line| line.contains("first openat")));
    send(&child, libc::SIGHUP);
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("let go")), "{rest:?}");
}

/// The replay of `case`, run by a shell after `setup`.
fn after(case: &Case, setup: &str, words: &[&str]) -> std::process::Output {
    let replayer = case.replayer(words);
    let mut command = Command::new("unshare");
    let kinds: &[&str] =
        if setup.contains("mount") { &["--mount", "--propagation", "private"] } else { &[] };
    if kinds.is_empty() {
        command = Command::new("sh");
    } else {
        command.args(kinds).arg("sh");
    }
    command.arg("-c").arg(format!("{setup} && exec \"$@\"")).arg("sh");
    command.arg(replayer.get_program()).args(replayer.get_args());
    command.output().unwrap()
}

#[test]
fn a_full_disk_diverges_and_says_so() {
    let case = Case::new(|_| {});
    case.record_all(&["dd", "if=/dev/zero", "of=big", "bs=64k", "count=4", "status=none"]);
    case.reset();
    if is_root() {
        let setup = format!("mount -t tmpfs -o size=128k none {}", case.folder().display());
        let replay = after(&case, &setup, &[]);
        assert_eq!(replay.status.code(), Some(1), "{}", told(&replay));
        assert!(told(&replay).contains("got ENOSPC"), "{}", told(&replay));
        assert!(told(&replay).contains("no space is left"), "{}", told(&replay));
    }
    // In blocks of 512 or 1024 bytes, as the shell has it.
    let replay = after(&case, "ulimit -f 64", &[]);
    assert_eq!(replay.status.code(), Some(1), "{}", told(&replay));
    assert!(told(&replay).contains("EFBIG"), "{}", told(&replay));
    assert!(told(&replay).contains("ulimit -f"), "{}", told(&replay));
}

#[test]
fn a_log_that_cannot_be_written_is_told() {
    if !is_root() {
        return;
    }
    let case = Case::new(|_| {});
    case.record_all(&["true"]);
    let folder = case.folder();
    let setup = format!(
        "mount -t tmpfs -o size=4k none {0} && dd if=/dev/zero of={0}/fill 2>/dev/null; true",
        folder.display()
    );
    let log = folder.join("log").to_string_lossy().into_owned();
    let replay = after(&case, &setup, &["--quiet", "--log", &log]);
    assert!(told(&replay).contains("cannot write the log"), "{}", told(&replay));
}

#[test]
fn more_descriptors_than_there_may_be_are_told_of() {
    let case = Case::new(|folder| fs::write(folder.join("file"), "").unwrap());
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    for number in 3..200 {
        let cells = [
            ("descriptor", Cell::Number(libc::AT_FDCWD.into())),
            ("given_pathname", "file".into()),
        ];
        forge.call(1, "openat", Ok(number), &cells);
    }
    forge.write(&case.trace());
    let replay = after(&case, "ulimit -Sn 64", &[]);
    assert_eq!(replay.status.code(), Some(0), "the limit is raised: {}", told(&replay));
    let replay = after(&case, "ulimit -n 64", &[]);
    assert_eq!(replay.status.code(), Some(1), "{}", told(&replay));
    assert!(told(&replay).contains("EMFILE"), "{}", told(&replay));
    assert!(told(&replay).contains("64 descriptors") && told(&replay).contains("ulimit -n"));
}

#[test]
fn a_thousand_threads_and_many_processes_are_replayed() {
    let case = Case::new(|_| {});
    let crowd = program("crowd");
    case.record_all(&[&crowd.to_string_lossy()]);
    let recorded = case.tree();
    assert_eq!(recorded.0.len(), 1100);
    for order in ["strict", "resource"] {
        case.reset();
        let replay = case.replay(&["--verify", "--abort", "--order", order]);
        assert_eq!(replay.status.code(), Some(0), "{order}: {}", told(&replay));
        assert!(told(&replay).contains("by 1101 tasks"), "{}", told(&replay));
        assert_eq!(recorded.differences(&case.tree()), Vec::<String>::new(), "{order}");
    }
}

#[test]
fn a_task_that_is_idle_for_long_loses_nothing() {
    const CALLS: usize = 150_000;
    let case = Case::new(|_| {});
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    let name = |name| [("given_pathname", Cell::Path(name)), ("mode_value", 0o755.into())];
    let thread = libc::CLONE_THREAD | libc::CLONE_FS | libc::CLONE_FILES | libc::CLONE_VM;
    forge.call(1, "clone", Ok(2), &[("flag_value", thread.into())]);
    forge.call(2, "mkdir", Ok(0), &name("first"));
    for _ in 0..CALLS {
        forge.call(1, "access", Err(libc::ENOENT), &[("given_pathname", "nothing".into())]);
    }
    forge.call(2, "mkdir", Ok(0), &name("last"));
    forge.write(&case.trace());
    let replay = case.replay(&["--abort"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    let all = CALLS + 3;
    assert!(told(&replay).contains(&format!("{all} of {all} calls")), "{}", told(&replay));
    assert!(case.tree().has("first") && case.tree().has("last"));
}

#[test]
fn a_trace_larger_than_memory_is_read_as_it_is_replayed() {
    const MIB: i64 = 1 << 10;
    let case = Case::new(|_| {});
    // Zeroes: in the file they take little, unpacked they are what was written.
    let words = ["dd", "if=/dev/zero", "of=/dev/null", "bs=1M", "count=700", "status=none"];
    case.record_all(&words);
    for words in [&[][..], &["--verify"]] {
        #[expect(clippy::zombie_processes, reason = "wait4 tells of its memory, too")]
        let mut child = case.replayer(words).stderr(Stdio::piped()).spawn().unwrap();
        let mut text = String::new();
        child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        // SAFETY: all zeroes is such a structure.
        let (mut status, mut usage) = (0, unsafe { std::mem::zeroed::<libc::rusage>() });
        // SAFETY: the child is ours, and there is room for what the kernel tells of it.
        let waited = unsafe { libc::wait4(child.id() as i32, &raw mut status, 0, &raw mut usage) };
        assert_eq!((waited, status), (child.id() as i32, 0), "{text}");
        assert!(text.contains("700 write") || text.contains("faithful"), "{text}");
        assert!(usage.ru_maxrss < 256 * MIB, "{} MiB for {words:?}", usage.ru_maxrss / MIB);
    }
}

#[test]
fn a_clock_that_jumped_neither_breaks_nor_holds_up_a_replay() {
    let times = [1_000, 500, 2_000, 0, -1, i64::MIN, 2_500, 1, 3_000];
    for pace in ["schedule", "think"] {
        let case = Case::new(|_| {});
        let mut forge = Forge::new(&case.folder().to_string_lossy());
        for (number, called) in times.into_iter().enumerate() {
            let returns = [called, called.saturating_add(10), 0, i64::MIN];
            for (which, returned) in returns.into_iter().enumerate() {
                let name = format!("{number}-{which}");
                let cells = [("given_pathname", Cell::Path(&name)), ("mode_value", 0o755.into())];
                forge.at(called, returned).call(1, "mkdir", Ok(0), &cells);
            }
        }
        forge.write(&case.trace());
        let replay = case.replay(&["--abort", "--speed", "1", "--pace", pace]);
        assert_eq!(replay.status.code(), Some(0), "{pace}: {}", told(&replay));
    }
}

#[test]
fn a_progress_bar_is_for_terminals_only() {
    let case = Case::new(|_| {});
    case.record(&["sh", "-c", "sleep 1.2; cat /dev/null"]);
    let replay = case.replay(&["--speed", "1"]);
    assert!(
        !told(&replay).contains("left") && !told(&replay).contains('\u{1b}'),
        "{}",
        told(&replay)
    );
    // script(1) makes a terminal.
    let on_terminal = |words: &[&str]| {
        let replayer = case.replayer(words);
        let words = std::iter::once(replayer.get_program()).chain(replayer.get_args());
        let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
        let mut script = Command::new("script");
        script.args(["-qec", &words.join(" "), "/dev/null"]).stdin(Stdio::null());
        String::from_utf8_lossy(&script.output().unwrap().stdout).into_owned()
    };
    if !Path::new("/usr/bin/script").is_file() {
        eprintln!("not tested on a terminal: there is no script(1)");
        return;
    }
    let shown = on_terminal(&["--speed", "0.5"]);
    assert!(shown.contains("left") && shown.contains('%'), "{shown}");
    let quiet = on_terminal(&["--speed", "0.5", "--quiet"]);
    assert!(!quiet.contains("left"), "{quiet}");
}
