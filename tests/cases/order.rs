//! Orders: a faithful trace stays faithful in all but the free one.

use replay_tests::built::program;
use replay_tests::case::{Case, told};
use replay_tests::forge::{Cell, Forge};

/// Threads and processes that change the same files, recorded, and replayed in each order.
#[test]
fn a_faithful_trace_is_replayed_faithfully_in_every_order_that_promises_so() {
    let tangle = program("tangle");
    for seed in ["1", "2", "3"] {
        let case = Case::new(|_| {});
        case.record_all(&[&tangle.to_string_lossy(), seed]);
        let recorded = case.tree();
        for order in ["strict", "causal", "resource"] {
            for _ in 0..3 {
                case.reset();
                let replay = case.replay(&["--verify", "--abort", "--order", order]);
                assert_eq!(replay.status.code(), Some(0), "{seed} {order}: {}", told(&replay));
                let differences = recorded.differences(&case.tree());
                assert_eq!(differences, Vec::<String>::new(), "{seed} {order}");
            }
        }
        case.reset();
        let free = case.replay(&["--order", "free"]);
        assert!(matches!(free.status.code(), Some(0 | 1)), "{seed}: {}", told(&free));
    }
}

/// A process that reads from a pipe: what it `got`, or the end, once its child has closed the other end. What `before` and `after` add to the trace
/// happens meanwhile, and has a place in the trace before or after the read's. Nobody waits in vain.
fn while_a_read_waits(
    flags: i64,
    got: &[u8],
    before: impl Fn(&mut Forge),
    after: impl Fn(&mut Forge),
) {
    let case = Case::new(|_| {});
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    let pipe = [
        ("read_descriptor", Cell::Number(3)),
        ("write_descriptor", Cell::Number(4)),
        ("flags_value", Cell::Number(flags)),
    ];
    forge.call(1, "pipe2", Ok(0), &pipe);
    forge.call(1, "clone", Ok(2), &[("flag_value", libc::SIGCHLD.into())]);
    forge.call(1, "close", Ok(0), &[("descriptor", Cell::Number(4))]);
    before(&mut forge);
    let read = [
        ("descriptor", Cell::Number(3)),
        ("data_read", Cell::Bytes(got)),
        ("bytes_requested", Cell::Number(1)),
    ];
    forge.call(1, "read", Ok(got.len() as i64), &read);
    after(&mut forge);
    forge.write(&case.trace());
    let replay = case.replay(&["--abort", "--call-timeout", "30"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert!(!told(&replay).contains("let go"), "{}", told(&replay));
}

fn nothing(_: &mut Forge) {}

#[test]
fn a_read_waits_for_a_new_program_which_does_not_get_the_pipe() {
    while_a_read_waits(libc::O_CLOEXEC.into(), b"", nothing, |forge| {
        forge.call(2, "execve", Ok(0), &[("continuation_number", Cell::Number(-1))]);
        forge.overlapped(3);
        forge.call(2, "access", Err(libc::ENOENT), &[("given_pathname", "nothing".into())]);
    });
}

/// The kernel tells of the end when it is over.
#[test]
fn a_read_waits_for_a_process_to_end() {
    let exit = |forge: &mut Forge| {
        forge.call(2, "exit", Ok(0), &[]);
    };
    while_a_read_waits(0, b"", exit, |forge| {
        forge.ended(2);
    });
}

/// A child that the process's child makes meanwhile writes what the read gets.
#[test]
fn a_read_waits_for_what_a_process_writes_that_is_made_meanwhile() {
    let data = ("data_written", Cell::Bytes(b"x"));
    let cells = [("descriptor", Cell::Number(4)), data, ("bytes_requested", 1.into())];
    while_a_read_waits(0, b"x", nothing, |forge| {
        forge.call(2, "clone", Ok(3), &[("flag_value", libc::SIGCHLD.into())]).overlapped(3);
        forge.call(3, "write", Ok(1), &cells).overlapped(3);
    });
}

/// Threads that share their descriptors: the number that one of them closes is given to another one's file, and to a
/// third one's, before the first close returns.
#[test]
fn a_close_that_is_overtaken_closes_its_own_descriptor() {
    let case = Case::new(|_| {});
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    let thread = libc::CLONE_THREAD | libc::CLONE_FILES | libc::CLONE_FS | libc::CLONE_VM;
    let open = |forge: &mut Forge, task, name: &'static str| {
        let cells = [
            ("descriptor", Cell::Number(libc::AT_FDCWD.into())),
            ("given_pathname", name.into()),
            ("open_value", (libc::O_WRONLY | libc::O_CREAT).into()),
            ("mode_value", 0o644.into()),
        ];
        forge.call(task, "openat", Ok(3), &cells);
    };
    let close = |forge: &mut Forge, task| {
        forge.call(task, "close", Ok(0), &[("descriptor", 3.into())]);
    };
    let write = |forge: &mut Forge, task| {
        let data = ("data_written", Cell::Bytes(b"x"));
        let cells = [("descriptor", 3.into()), data, ("bytes_requested", 1.into())];
        forge.call(task, "write", Ok(1), &cells);
    };
    for task in [2, 3] {
        forge.call(1, "clone", Ok(task), &[("flag_value", thread.into())]);
    }
    open(&mut forge, 1, "first");
    write(&mut forge, 1);
    // The first thread's close begins here.
    open(&mut forge, 2, "second");
    write(&mut forge, 2);
    close(&mut forge, 2);
    open(&mut forge, 3, "third");
    close(&mut forge, 1);
    forge.overlapped(4);
    write(&mut forge, 3);
    close(&mut forge, 3);
    forge.write(&case.trace());
    for order in ["strict", "causal", "resource"] {
        case.reset();
        let replay = case.replay(&["--abort", "--order", order]);
        assert_eq!(replay.status.code(), Some(0), "{order}: {}", told(&replay));
        assert!(told(&replay).contains("closed already") && told(&replay).contains(": 1 close"));
        for name in ["first", "second", "third"] {
            let written = std::fs::read(case.folder().join(name)).unwrap();
            assert_eq!(written, b"x", "{order} {name}");
        }
    }
}

/// The arguments of a call on the file at a path.
fn path(path: &'static str) -> [(&'static str, Cell<'static>); 1] {
    [("given_pathname", path.into())]
}

/// Those of `openat`.
fn file(name: &'static str, flags: i32) -> [(&'static str, Cell<'static>); 4] {
    [
        ("descriptor", Cell::Number(libc::AT_FDCWD.into())),
        ("given_pathname", name.into()),
        ("open_value", flags.into()),
        ("mode_value", 0o644.into()),
    ]
}

/// Two processes at once, on one name; which of them was first their outcomes tell, and not the order in which they
/// returned.
#[test]
fn of_two_calls_at_once_the_outcomes_tell_which_was_first() {
    let case = Case::new(|_| {});
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    let make = libc::O_WRONLY | libc::O_CREAT;
    forge.call(1, "clone", Ok(2), &[("flag_value", libc::SIGCHLD.into())]);
    for (number, made) in ["one", "two", "three"].into_iter().enumerate() {
        forge.call(1, "openat", Ok(3 + number as i64), &file(made, make));
    }
    // The file is gone for one, and the other one, which removed it, returns later.
    forge.call(2, "unlink", Err(libc::ENOENT), &path("./one"));
    forge.call(2, "access", Err(libc::ENOENT), &path("nothing"));
    forge.call(1, "unlink", Ok(0), &path("one")).overlapped(4);
    // One opens what the other has removed by then.
    forge.call(2, "unlink", Ok(0), &path("two"));
    forge.call(1, "openat", Ok(6), &file("two", libc::O_RDONLY)).overlapped(7);
    // One finds what the other makes.
    forge.call(2, "mkdir", Err(libc::EEXIST), &path("folder"));
    forge.call(1, "mkdir", Ok(0), &path("folder")).overlapped(9);
    // One looks for what the other has made by then.
    forge.call(2, "mkdir", Ok(0), &path("more"));
    forge.call(1, "access", Err(libc::ENOENT), &path("more")).overlapped(11);
    // Here a third call, in between, explains all of it: nothing is moved.
    forge.call(2, "unlink", Ok(0), &path("three"));
    forge.call(2, "openat", Ok(3), &file("three", make));
    forge.call(1, "unlink", Ok(0), &path("three")).overlapped(13);
    forge.write(&case.trace());
    for order in ["strict", "causal", "resource"] {
        case.reset();
        let replay = case.replay(&["--order", order, "--warn"]);
        assert_eq!(replay.status.code(), Some(0), "{order}: {}", told(&replay));
        for (name, is_there) in [("one", false), ("two", false), ("three", false), ("folder", true)]
        {
            assert_eq!(case.folder().join(name).exists(), is_there, "{order} {name}");
        }
    }
}

/// What came of a call may tell of another one that it overlapped, by the name of a directory or by a file's names.
#[test]
fn what_calls_met_tells_which_took_effect_first() {
    let name =
        |name: &'static str| [("given_pathname", Cell::from(name)), ("mode_value", 0o755.into())];
    let make = libc::O_WRONLY | libc::O_CREAT;
    let case = Case::new(|_| {});
    let mut forge = Forge::new(&case.folder().to_string_lossy());
    let mut now = 0;
    let mut call = |task, call: &str, returned: Result<i64, i32>, cells: &[_], overlaps: bool| {
        forge.call(task, call, returned, cells);
        if overlaps {
            forge.overlapped(now - 1);
        }
        now += 1;
    };
    call(1, "clone", Ok(2), &[("flag_value", libc::SIGCHLD.into())], false);
    // Names in a directory that wasn't there yet, and is by the time that this returns.
    call(2, "mkdir", Ok(0), &name("new"), false);
    call(1, "mkdir", Err(libc::ENOENT), &name("new/one"), true);
    call(2, "mkdir", Ok(0), &name("new/one"), false);
    call(1, "openat", Err(libc::ENOENT), &file("./new/one/file", make), true);
    // Found before the call that makes it has returned, and used as a directory.
    call(2, "access", Ok(0), &path("two"), false);
    call(1, "mkdir", Ok(0), &name("two"), true);
    call(2, "openat", Ok(3), &file("three", libc::O_RDONLY), false);
    call(1, "openat", Ok(3), &file("three", make | libc::O_EXCL), true);
    call(2, "openat", Ok(4), &file("four/file", make), false);
    call(1, "mkdir", Ok(0), &name("four"), true);
    // Emptied, and then not.
    call(2, "rmdir", Err(libc::ENOTEMPTY), &path("four"), false);
    call(2, "unlink", Ok(0), &path("four/file"), false);
    call(2, "rmdir", Ok(0), &path("two"), false);
    call(1, "rmdir", Err(libc::ENOENT), &path("two"), true);
    call(2, "mkdir", Ok(0), &name("four/five"), false);
    call(1, "rmdir", Ok(0), &path("four/five"), false);
    call(2, "rmdir", Ok(0), &path("four"), false);
    call(1, "access", Ok(0), &path("four/."), true);
    // A file that had lost its name.
    let gone = [
        ("descriptor", Cell::Number(3)),
        ("given_pathname", "".into()),
        ("flags_value", libc::AT_EMPTY_PATH.into()),
        ("stat_result_nlink", 0.into()),
        ("stat_result_mode", 0o100_644.into()),
    ];
    call(2, "fstatat", Ok(0), &gone, false);
    call(1, "unlink", Ok(0), &path("three"), true);
    forge.write(&case.trace());
    for order in ["strict", "causal", "resource"] {
        case.reset();
        let replay = case.replay(&["--order", order, "--verify", "--warn"]);
        assert_eq!(replay.status.code(), Some(0), "{order}: {}", told(&replay));
    }
}

/// Records are read a thousand at a time, and those of calls that overlapped together.
#[test]
fn overlapping_calls_are_looked_at_together_wherever_they_are() {
    let case = Case::new(|_| {});
    for before in 1018..1030 {
        let mut forge = Forge::new(&case.folder().to_string_lossy());
        forge.call(1, "clone", Ok(2), &[("flag_value", libc::SIGCHLD.into())]);
        forge.call(
            1,
            "mkdir",
            Ok(0),
            &[("given_pathname", "one".into()), ("mode_value", 0o755.into())],
        );
        for _ in 0..before {
            forge.call(1, "access", Err(libc::ENOENT), &path("nothing"));
        }
        for _ in 0..4 {
            forge.call(2, "access", Err(libc::ENOENT), &path("one"));
        }
        forge.call(1, "rmdir", Ok(0), &path("one")).overlapped(2 + before);
        forge.write(&case.trace());
        case.reset();
        let replay = case.replay(&["--abort"]);
        assert_eq!(replay.status.code(), Some(0), "{before}: {}", told(&replay));
    }
}

/// A process takes a lock without waiting for it, and another one's call that gives it up returns later.
#[test]
fn a_lock_that_is_given_up_meanwhile_is_had() {
    let case = Case::new(|folder| std::fs::write(folder.join("a"), "").unwrap());
    let open = [
        ("descriptor", Cell::Number(libc::AT_FDCWD.into())),
        ("given_pathname", "a".into()),
        ("open_value", libc::O_RDWR.into()),
    ];
    let fcntl = |forge: &mut Forge, task, kind: i32| {
        let cells = [
            ("descriptor", Cell::Number(3)),
            ("command_value", libc::F_SETLK.into()),
            ("lock_type", kind.into()),
            ("lock_whence", 0.into()),
            ("lock_start", 0.into()),
            ("lock_length", 0.into()),
            ("lock_pid", 0.into()),
        ];
        forge.call(task, "fcntl", Ok(0), &cells);
    };
    let flock = |forge: &mut Forge, task, operation: i32| {
        let operations = [("operation", operation.into()), ("operation_value", operation.into())];
        let cells = [&[("descriptor", Cell::Number(3))][..], &operations].concat();
        forge.call(task, "flock", Ok(0), &cells);
    };
    for is_fcntl in [true, false] {
        let lock = |forge: &mut Forge, task, is_taken| match (is_fcntl, is_taken) {
            (true, true) => fcntl(forge, task, libc::F_WRLCK),
            (true, false) => fcntl(forge, task, libc::F_UNLCK),
            (false, true) => flock(forge, task, libc::LOCK_EX | libc::LOCK_NB),
            (false, false) => flock(forge, task, libc::LOCK_UN),
        };
        let mut forge = Forge::new(&case.folder().to_string_lossy());
        forge.call(1, "clone", Ok(2), &[("flag_value", libc::SIGCHLD.into())]);
        for task in [1, 2] {
            forge.call(task, "openat", Ok(3), &open);
        }
        lock(&mut forge, 1, true);
        lock(&mut forge, 2, true);
        lock(&mut forge, 1, false);
        forge.overlapped(4);
        forge.write(&case.trace());
        for order in ["strict", "causal"] {
            let replay = case.replay(&["--abort", "--order", order]);
            assert_eq!(replay.status.code(), Some(0), "{order}: {}", told(&replay));
            assert!(told(&replay).contains("faithful; 6 of 6"), "{}", told(&replay));
        }
        // Of one that isn't given up before it can't be had.
        let mut forge = Forge::new(&case.folder().to_string_lossy());
        forge.call(1, "clone", Ok(2), &[("flag_value", libc::SIGCHLD.into())]);
        for task in [1, 2] {
            forge.call(task, "openat", Ok(3), &open);
        }
        lock(&mut forge, 1, true);
        lock(&mut forge, 2, true);
        lock(&mut forge, 1, false);
        forge.write(&case.trace());
        let replay = case.replay(&["--call-timeout", "1"]);
        assert_eq!(replay.status.code(), Some(1), "{}", told(&replay));
        assert!(told(&replay).contains("expected 0, got EAGAIN"), "{}", told(&replay));
    }
}

/// A process gives up its end of a pipe at some moment between its last call and when the kernel tells of its end: what
/// another one wrote meanwhile says when.
#[test]
fn what_is_written_while_the_reader_ends_tells_when_it_had_ended() {
    let case = Case::new(|_| {});
    let write = |forge: &mut Forge, returned| {
        let data = ("data_written", Cell::Bytes(b"x"));
        let cells = [("descriptor", 4.into()), data, ("bytes_requested", 1.into())];
        forge.call(1, "write", returned, &cells);
    };
    // The trace is of a process that writes to its child, which reads nothing and ends.
    let begin = || {
        let mut forge = Forge::new(&case.folder().to_string_lossy());
        let pipe = [
            ("read_descriptor", 3.into()),
            ("write_descriptor", 4.into()),
            ("flags_value", 0.into()),
        ];
        forge.call(1, "pipe2", Ok(0), &pipe);
        forge.call(1, "clone", Ok(2), &[("flag_value", libc::SIGCHLD.into())]);
        forge.call(1, "close", Ok(0), &[("descriptor", 3.into())]);
        forge.call(2, "exit", Ok(0), &[]);
        forge
    };
    for order in ["strict", "causal"] {
        // Written before the end, of which the kernel told before the write returned.
        let mut forge = begin();
        forge.ended(2);
        write(&mut forge, Ok(1));
        forge.overlapped(3);
        write(&mut forge, Err(libc::EPIPE));
        forge.write(&case.trace());
        let replay = case.replay(&["--abort", "--order", order]);
        assert_eq!(replay.status.code(), Some(0), "{order}: {}", told(&replay));
        // Written after the end, of which the kernel told later.
        let mut forge = begin();
        write(&mut forge, Err(libc::EPIPE));
        forge.ended(2);
        forge.write(&case.trace());
        let replay = case.replay(&["--abort", "--order", order]);
        assert_eq!(replay.status.code(), Some(0), "{order}: {}", told(&replay));
        // No end that was over by then explains what was written.
        let mut forge = begin();
        forge.ended(2);
        write(&mut forge, Ok(1));
        forge.write(&case.trace());
        let replay = case.replay(&["--order", order]);
        assert_eq!(replay.status.code(), Some(1), "{order}: {}", told(&replay));
    }
}
