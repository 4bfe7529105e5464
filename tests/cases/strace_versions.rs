//! What strace's versions, 4.5 to 6.16 and what came after, print differently, in lines of our own after its NEWS
//! file; and what each of its options adds. The same call becomes the same row.

use replay_tests::case::{Case, told};
use replay_tests::strace::{Row, convert_text, kind, rows};
use serde_json::{Value, json};

/// The rows of the calls in `text`.
#[track_caller]
fn rows_of(text: &str) -> Vec<Row> {
    let case = Case::new(|_| {});
    convert_text(&case, text);
    rows(&case.trace())
}

/// A version or option, what it prints, and what the last row of it is: its type, and some of its columns.
type Format = (&'static str, &'static str, &'static str, &'static [(&'static str, Told)]);

/// What a column holds.
enum Told {
    Number(i64),
    Text(&'static str),
    Nothing,
}

use Told::{Nothing, Number, Text};

const FORMATS: &[Format] = &[
    // Versions.
    (
        "4.5: signals without siginfo",
        "--- SIGCHLD (Child exited) @ 0 (0) ---\nclose(3) = 0",
        "close",
        &[("descriptor", Number(3))],
    ),
    (
        "4.5: strace's own lines unmarked",
        "Process 77 attached (waiting for parent)\nProcess 77 detached\nclose(3) = 0",
        "close",
        &[],
    ),
    (
        "4.5: calls without a name",
        "SYS_74(0x3, 0, 0, 0, 0, 0) = 0",
        "fsync",
        &[("descriptor", Number(3))],
    ),
    (
        "4.9 and before: what goes on unnamed",
        "pause() = ? ERESTART_RESTARTBLOCK (To be restarted)\n--- SIGCONT (Continued) @ 0 (0) ---\nrestart_syscall(<... resuming interrupted call ...>) = -1 EINTR (Interrupted system call)",
        "pause",
        &[("errno_number", Number(4))],
    ),
    (
        "4.10 and before: dates",
        "stat(\"f\", {st_mode=S_IFREG|0644, st_size=5, st_atime=2015/03/06-12:00:00, ...}) = 0",
        "stat",
        &[("stat_result_size", Number(5)), ("stat_result_atime", Nothing)],
    ),
    (
        "4.12 and before: messages",
        "sendmsg(3, {msg_name(0)=NULL, msg_iov(1)=[{\"abc\", 3}], msg_controllen=0, msg_flags=0}, 0) = 3",
        "sendmsg",
        &[("iov_data_written", Text("abc"))],
    ),
    (
        "4.14 and before: members without names",
        "nanosleep({1, 500000000}, NULL) = 0",
        "nanosleep",
        &[("requested_time", Number((1 << 32) + (1 << 31)))],
    ),
    (
        "4.14 and before: handlers",
        "rt_sigaction(SIGINT, {SIG_IGN, [], SA_RESTORER, 0x7f0000001000}, NULL, 8) = 0",
        "rt_sigaction",
        &[("handler_address", Number(1))],
    ),
    (
        "4.20 and before: numbers of calls",
        "syscall_74(0x3, 0, 0, 0, 0, 0) = 0",
        "fsync",
        &[("descriptor", Number(3))],
    ),
    (
        "4.21: numbers of calls",
        "syscall_0x4a(0x3, 0, 0, 0, 0, 0) = 0",
        "fsync",
        &[("descriptor", Number(3))],
    ),
    (
        "4.22: brackets in paths are escaped",
        "close(3</tmp/a\\74b\\76>) = 0",
        "close",
        &[("descriptor", Number(3))],
    ),
    ("before 4.22: they aren't", "close(3</tmp/a<b>>) = 0", "close", &[("descriptor", Number(3))]),
    (
        "4.23: errnos without a name",
        "close(3) = -1 (errno 77)",
        "close",
        &[("errno_number", Number(77))],
    ),
    (
        "4.24 and before: resumed with a blank",
        "7 getuid( <unfinished ...>\n7 <... getuid resumed> ) = 0",
        "getuid",
        &[("return_value", Number(0))],
    ),
    (
        "5.0: resumed without",
        "7 read(3,  <unfinished ...>\n7 <... read resumed>\"x\", 9) = 1",
        "read",
        &[("data_read", Text("x"))],
    ),
    (
        "5.15: where AT_FDCWD is",
        "openat(AT_FDCWD</tmp>, \"f\", O_RDONLY) = 3</tmp/f>",
        "openat",
        &[("descriptor", Number(-100)), ("return_value", Number(3))],
    ),
    (
        "5.18 and before: removed files",
        "close(3</tmp/f (deleted)>) = 0",
        "close",
        &[("descriptor", Number(3))],
    ),
    ("5.19: removed files", "close(3</tmp/f>(deleted)) = 0", "close", &[("descriptor", Number(3))]),
    (
        "6.1: terminals by index",
        "ioctl(0, TCGETS, {c_iflag=ICRNL, c_oflag=OPOST, c_cflag=CS8, c_lflag=ECHO, c_line=N_TTY, c_cc=[[VINTR]=0x3, [VMIN]=0x1]}) = 0",
        "ioctl",
        &[("request", Number(0x5401))],
    ),
    (
        "6.5: calls by name",
        "fchmodat2(AT_FDCWD, \"f\", 0600, 0) = 0",
        "fchmodat2",
        &[("given_pathname", Text("f")), ("mode_value", Number(0o600))],
    ),
    (
        "6.16: -N, names of arguments",
        "openat(dfd=AT_FDCWD, filename=\"f\", flags=O_WRONLY|O_CREAT, mode=0640) = 3",
        "openat",
        &[
            ("given_pathname", Text("f")),
            ("open_value", Number(0o101)),
            ("mode_value", Number(0o640)),
        ],
    ),
    (
        "6.16: -N, and names that others are printed with",
        "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f00) = 9",
        "clone",
        &[("flag_value", Number(0x20_0011)), ("return_value", Number(9))],
    ),
    // Options.
    ("-f", "12 close(3) = 0", "close", &[("executing_tid", Number(12))]),
    ("-f on a terminal", "[pid 12] close(3) = 0", "close", &[("executing_tid", Number(12))]),
    ("--always-show-pid", "12 close(3) = 0\n12 +++ exited with 0 +++", "close", &[]),
    ("-t", "00:01:01 close(3) = 0", "close", &[("time_called", Number(61_000_000_000))]),
    ("-tt", "00:01:01.5 close(3) = 0", "close", &[("time_called", Number(61_500_000_000))]),
    (
        "-ttt",
        "1700000000.000001 close(3) = 0",
        "close",
        &[("time_called", Number(1_700_000_000_000_001_000))],
    ),
    (
        "--absolute-timestamps=precision:ns,format:unix",
        "1700000000.000000001 close(3) = 0",
        "close",
        &[("time_called", Number(1_700_000_000_000_000_001))],
    ),
    (
        "-r",
        "     0.000001 close(3) = 0\n     0.000002 close(4) = 0",
        "close",
        &[("time_called", Number(3_000))],
    ),
    (
        "--relative-timestamps=ns",
        "     0.000000001 close(3) = 0\n     0.000000002 close(4) = 0",
        "close",
        &[("time_called", Number(3))],
    ),
    (
        "-r with -t",
        "00:01:01 (+     0.000002) close(3) = 0",
        "close",
        &[("time_called", Number(61_000_000_000))],
    ),
    (
        "-T",
        "1700000000.000000 close(3) = 0 <0.000007>",
        "close",
        &[("time_returned", Number(1_700_000_000_000_007_000))],
    ),
    (
        "--syscall-times=s",
        "1700000000 close(3) = 0 <0>",
        "close",
        &[("time_returned", Number(1_700_000_000_000_000_000))],
    ),
    (
        "--syscall-times=ns",
        "1700000000 close(3) = 0 <0.000000007>",
        "close",
        &[("time_returned", Number(1_700_000_000_000_000_007))],
    ),
    (
        "-y",
        "read(3</tmp/a, b (c)>, \"x\", 9) = 1",
        "read",
        &[("descriptor", Number(3)), ("data_read", Text("x"))],
    ),
    (
        "-yy",
        "read(3<TCP:[127.0.0.1:1->[::1]:2]>, \"x\", 9) = 1",
        "read",
        &[("descriptor", Number(3)), ("data_read", Text("x"))],
    ),
    (
        "-yy, devices",
        "read(3</dev/null<char 1:3>>, \"\", 9) = 0",
        "read",
        &[("descriptor", Number(3))],
    ),
    (
        "-Y",
        "12<sh> kill(13<cat>, SIGTERM) = 0",
        "kill",
        &[("executing_tid", Number(12)), ("pid", Number(13)), ("signal", Number(15))],
    ),
    (
        "--pidns-translation",
        "12 kill(2 /* 13 in strace's PID NS */, SIGTERM) = 0",
        "kill",
        &[("pid", Number(2))],
    ),
    (
        "-X raw",
        "openat(-100, \"f\", 0x41, 0640) = 3",
        "openat",
        &[("descriptor", Number(-100)), ("open_value", Number(0o101))],
    ),
    (
        "-X abbrev",
        "openat(AT_FDCWD, \"f\", O_WRONLY|O_CREAT, 0640) = 3",
        "openat",
        &[("descriptor", Number(-100)), ("open_value", Number(0o101))],
    ),
    (
        "-X verbose",
        "openat(-100 /* AT_FDCWD */, \"f\", 0x41 /* O_WRONLY|O_CREAT */, 0640) = 3",
        "openat",
        &[("descriptor", Number(-100)), ("open_value", Number(0o101))],
    ),
    (
        "-x",
        "write(1, \"\\x00\\xff\", 2) = 2",
        "write",
        &[("bytes_requested", Number(2)), ("return_value", Number(2))],
    ),
    (
        "-xx",
        "openat(AT_FDCWD, \"\\x66\\x6f\", O_RDONLY) = 3",
        "openat",
        &[("given_pathname", Text("fo"))],
    ),
    (
        "--strings-in-hex=non-ascii-chars",
        "openat(AT_FDCWD, \"f\\x01\", O_RDONLY) = 3",
        "openat",
        &[("given_pathname", Text("f\u{1}"))],
    ),
    (
        "-e raw",
        "read(0x3, 0x7ffd0000, 0x9) = 0x1",
        "read",
        &[("descriptor", Number(3)), ("return_value", Number(1)), ("data_read", Nothing)],
    ),
    (
        "-k",
        "close(3) = 0\n > /usr/lib/libc.so.6(close+0x1b) [0xf3d1b]\n > /usr/bin/cat() [0x2000]",
        "close",
        &[],
    ),
    (
        "-kk",
        "close(3) = 0\n > /usr/lib/libc.so.6(close+0x1b) [0xf3d1b]\n > /src/cat.c:12 (main) [0x2000]",
        "close",
        &[],
    ),
    ("-i", "[00007f0123456789] close(3) = 0", "close", &[("descriptor", Number(3))]),
    ("-n", "[   3] close(3) = 0", "close", &[("descriptor", Number(3))]),
    (
        "--secontext",
        "12 [user_t] openat(AT_FDCWD [user_t], \"f\" [user_home_t], O_RDONLY) = 3 [user_home_t]",
        "openat",
        &[("given_pathname", Text("f")), ("open_value", Number(0)), ("return_value", Number(3))],
    ),
    (
        "--secontext -y",
        "fchmod(3</tmp/f> [user_home_t], 0600) = 0",
        "fchmod",
        &[("descriptor", Number(3)), ("mode_value", Number(0o600))],
    ),
    (
        "-z, -Z, -P, --seccomp-bpf: lines as ever",
        "12 close(3) = -1 EBADF (Bad file descriptor)",
        "close",
        &[("errno_number", Number(9))],
    ),
    (
        "-e inject: an error",
        "close(3) = -1 EIO (Input/output error) (INJECTED)",
        "close",
        &[("errno_number", Number(5))],
    ),
    ("-e inject: a value", "getuid() = 7 (INJECTED)", "getuid", &[("return_value", Number(7))]),
    ("-e inject: a delay", "close(3) = 0 (DELAYED)", "close", &[("return_value", Number(0))]),
    // What stands in a line.
    (
        "a signal",
        "--- SIGUSR1 {si_signo=SIGUSR1, si_code=SI_USER, si_pid=1, si_uid=0} ---\nclose(3) = 0",
        "close",
        &[],
    ),
    ("an exit", "exit_group(3) = ?\n+++ exited with 3 +++", "exit", &[("exit_status", Number(3))]),
    (
        "an end by a signal",
        "12 close(3) = 0\n12 +++ killed by SIGSEGV (core dumped) +++",
        "close",
        &[],
    ),
    (
        "a call that goes on",
        "nanosleep({tv_sec=1, tv_nsec=0}, 0x7ffd) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)\n--- SIGCONT {si_signo=SIGCONT} ---\nrestart_syscall(<... resuming interrupted nanosleep ...>) = 0",
        "nanosleep",
        &[("return_value", Number(0))],
    ),
    ("a string that is cut off", "read(3, \"abc\"..., 9) = 9", "read", &[("data_read", Nothing)]),
    (
        "a string that isn't, at its full length",
        "read(3, \"abc\", 9) = 3",
        "read",
        &[("data_read", Text("abc"))],
    ),
    (
        "an array of numbers",
        "pipe([3, 4]) = 0",
        "pipe",
        &[("read_descriptor", Number(3)), ("write_descriptor", Number(4))],
    ),
    (
        "an array of vectors",
        "writev(1, [{iov_base=\"ab\", iov_len=2}], 1) = 2",
        "writev",
        &[("iov_data_written", Text("ab"))],
    ),
    (
        "a message",
        "sendmsg(3, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base=\"abc\", iov_len=3}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, MSG_DONTWAIT) = 3",
        "sendmsg",
        &[("iov_data_written", Text("abc"))],
    ),
    (
        "a socket's address",
        "bind(3, {sa_family=AF_UNIX, sun_path=\"s\"}, 4) = 0",
        "bind",
        &[("sockaddr_length", Number(4))],
    ),
];

#[test]
fn every_versions_and_options_lines_become_the_same_rows() {
    let mut problems = Vec::new();
    for (what, text, name, columns) in FORMATS {
        let rows = rows_of(&format!("{text}\n"));
        let row = rows.last().unwrap_or_else(|| panic!("{what}: no row of {text}"));
        if kind(row) != *name {
            problems.push(format!("{what}: {text}: {}", kind(row)));
        }
        for (column, told) in *columns {
            let expected = match told {
                Number(number) => json!(number),
                Text(text) => json!(text),
                Nothing => Value::Null,
            };
            if row.get(*column) != Some(&expected) {
                problems.push(format!("{what}: {column} of {text}: {:?}", row.get(*column)));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn what_strace_tampered_with_is_counted() {
    let case = Case::new(|_| {});
    let text = "close(3) = -1 EIO (Input/output error) (INJECTED)\nclose(4) = 0 (DELAYED)\n";
    let said = told(&convert_text(&case, text));
    assert!(said.contains("2 calls were tampered with by strace itself (-e inject)"), "{said}");
}
