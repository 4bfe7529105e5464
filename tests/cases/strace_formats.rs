//! What strace's versions and options print, in lines of our own: each becomes the same rows.

use replay_tests::case::{Case, told};
use replay_tests::strace::{Row, convert, convert_text, kind, rows, strace2ds};
use serde_json::{Value, json};

fn empty() -> Case {
    Case::new(|_| {})
}

/// The rows of the calls in `text`.
#[track_caller]
fn rows_of(text: &str) -> Vec<Row> {
    let case = empty();
    convert_text(&case, text);
    rows(&case.trace())
}

/// The one row of `line`.
#[track_caller]
fn row_of(line: &str) -> Row {
    let mut rows = rows_of(&format!("{line}\n"));
    assert_eq!(rows.len(), 1, "{line}: {rows:?}");
    rows.remove(0)
}

#[track_caller]
fn expect(row: &Row, columns: &[(&str, Value)]) {
    for (name, value) in columns {
        assert_eq!(row.get(*name), Some(value), "{name} of {row:?}");
    }
}

#[test]
fn who_and_when_stand_before_the_call_in_many_ways() {
    let call = r#"close(3) = 0"#;
    let second = 1_000_000_000i64;
    for (before, task, time) in [
        ("", 1, Value::Null),
        ("1234 ", 1234, Value::Null),
        ("1234  ", 1234, Value::Null),
        ("[pid  1234] ", 1234, Value::Null),
        ("[pid 1234<cat>] ", 1234, Value::Null),
        ("1234<cat> ", 1234, Value::Null),
        ("1700000000.123456 ", 1, json!(1_700_000_000 * second + 123_456_000)),
        ("1234 1700000000.123456789 ", 1234, json!(1_700_000_000 * second + 123_456_789)),
        ("1234 1700000000 ", 1234, json!(1_700_000_000 * second)),
        ("12:34:56 ", 1, json!(45_296 * second)),
        ("1234 12:34:56.000007 ", 1234, json!(45_296 * second + 7_000)),
        ("     0.000123 ", 1, json!(123_000)),
        ("[pid 1234]      1.000000 ", 1234, json!(second)),
        ("     2 ", 1, json!(2 * second)),
        ("1234      0 ", 1234, json!(0)),
        ("[pid  1234]      2 ", 1234, json!(2 * second)),
        ("12:34:56 (+     0) ", 1, json!(45_296 * second)),
        ("1234 1700000000 (+     3) ", 1234, json!(1_700_000_000 * second)),
        ("1700000000.5 (+     0.000123) ", 1, json!(1_700_000_000 * second + second / 2)),
        ("[00007f0123456789] ", 1, Value::Null),
        ("1234 [  3] ", 1234, Value::Null),
        ("[????????????????] ", 1, Value::Null),
    ] {
        let row = row_of(&format!("{before}{call}"));
        expect(
            &row,
            &[("executing_tid", json!(task)), ("time_called", time), ("descriptor", json!(3))],
        );
    }
}

#[test]
fn the_result_tells_value_errno_and_duration() {
    for (result, value, errno) in [
        ("= 0", 0, 0),
        ("= 12 <0.000010>", 12, 0),
        ("= 3</etc/passwd>", 3, 0),
        ("= 3<socket:[1234]> <0.000010>", 3, 0),
        ("= 5<UNIX-STREAM:[1->2]> <0.000010>", 5, 0),
        ("= 0x1 (flags FD_CLOEXEC)", 1, 0),
        ("= -1 ENOENT (No such file or directory)", -1, libc::ENOENT),
        ("= -1 ENOENT (No such file or directory) <0.000010>", -1, libc::ENOENT),
        ("= -1 EPERM (Operation not permitted) (INJECTED)", -1, libc::EPERM),
        ("= 7 (INJECTED) <0.000010>", 7, 0),
        ("= -1 ENOSYS", -1, libc::ENOSYS),
        ("= -1 (errno 5)", -1, 5),
    ] {
        let row = row_of(&format!("1700000000.000000 dup(9)    {result}"));
        expect(&row, &[("return_value", json!(value)), ("errno_number", json!(errno))]);
        let returned = json!(1_700_000_000_000_010_000i64);
        let returned =
            if result.contains('<') && result.ends_with("10>") { returned } else { Value::Null };
        expect(&row, &[("time_returned", returned)]);
    }
}

#[test]
fn strings_are_read_in_all_their_escapes() {
    for (text, expected) in [
        (r#""plain""#, "plain"),
        (r#""a\n\t\"\\\r\v\f""#, "a\n\t\"\\\r\u{b}\u{c}"),
        (r#""\1\12\0123\x41""#, "\u{1}\n\n3A"),
        (r#""\x70\x6c\x61""#, "pla"),
        (r#""with, (brackets] {and} = signs""#, "with, (brackets] {and} = signs"),
    ] {
        let length = expected.len();
        let row = row_of(&format!("write(1, {text}, {length}) = {length}"));
        expect(&row, &[("data_written", json!(expected))]);
    }
}

#[test]
fn what_is_cut_off_is_not_captured_and_said() {
    let case = empty();
    let output = convert_text(&case, "read(3, \"abc\"..., 10) = 10\n");
    let row = rows(&case.trace()).remove(0);
    expect(&row, &[("data_read", Value::Null), ("buffer_not_captured", json!(true))]);
    assert!(told(&output).contains("-s sets how much"), "{}", told(&output));
}

#[test]
fn flags_and_modes_become_numbers_again() {
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC;
    for (printed, mode) in [
        (r#"openat(AT_FDCWD, "f", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 3"#, "0644"),
        (r#"openat(AT_FDCWD</tmp>, "f", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 3</tmp/f>"#, "verbose"),
        (r#"openat(-100, "f", 0x241, 0644) = 3"#, "raw"),
        (
            r#"openat(-100 /* AT_FDCWD */, "f", 0x241 /* O_WRONLY|O_CREAT|O_TRUNC */, 0644) = 3"#,
            "-X",
        ),
        (r#"openat(0xffffff9c, "f", 0x241, 0x1a4) = 0x3"#, "-e raw"),
    ] {
        let row = row_of(printed);
        expect(&row, &[("open_value", json!(flags)), ("descriptor", json!(-100))]);
        expect(&row, &[("mode_value", json!(0o644)), ("return_value", json!(3))]);
        assert_eq!(row["given_pathname"], json!("f"), "{mode}");
    }
}

#[test]
fn a_number_of_which_only_the_bar_behind_it_is_printed_is_nothing() {
    // So it is with -X raw, where the flags have no name for 0.
    let row =
        row_of(r#"statx(-100, "f", |0x100, 0x25e, 0x7f0000000000) = -1 ENOENT (No such file)"#);
    expect(&row, &[("flags_value", json!(0x100)), ("mask_value", json!(0x25e))]);
}

#[test]
fn structures_are_laid_out_as_the_kernel_has_them() {
    let row = row_of(
        "fstat(3, {st_dev=makedev(0x8, 0x1), st_ino=7, st_mode=S_IFREG|0644, st_nlink=1, st_uid=0, \
         st_gid=5, st_blksize=4096, st_blocks=8, st_size=123, st_atime=1700000000 /* 2023-11-14T22:13:20+0000 */, \
         st_atime_nsec=500000000, st_mtime=2, st_mtime_nsec=0, st_ctime=3, st_ctime_nsec=0}) = 0",
    );
    expect(
        &row,
        &[
            ("stat_result_ino", json!(7)),
            ("stat_result_mode", json!(0o100_644)),
            ("stat_result_gid", json!(5)),
            ("stat_result_size", json!(123)),
            ("stat_result_dev", json!(0x801)),
            ("stat_result_atime", json!((1_700_000_000i64 << 32) + (1 << 31))),
        ],
    );
}

#[test]
fn what_is_abbreviated_is_null_and_the_rest_is_there() {
    let case = empty();
    let output = convert_text(&case, "fstat(3, {st_mode=S_IFREG|0644, st_size=123, ...}) = 0\n");
    let row = rows(&case.trace()).remove(0);
    expect(&row, &[("stat_result_size", json!(123)), ("stat_result_mode", json!(0o100_644))]);
    expect(&row, &[("stat_result_ino", Value::Null), ("stat_result_nlink", Value::Null)]);
    assert!(told(&output).contains("-v shows them whole"), "{}", told(&output));
}

#[test]
fn vectors_and_messages_have_a_row_per_buffer() {
    for line in [
        r#"writev(1, [{iov_base="abc", iov_len=3}, {iov_base="de", iov_len=2}], 2) = 5"#,
        r#"writev(1, [{"abc", 3}, {"de", 2}], 2) = 5"#,
        "sendmsg(3, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base=\"abc\", iov_len=3}, \
         {iov_base=\"de\", iov_len=2}], msg_iovlen=2, msg_controllen=0, msg_flags=0}, 0) = 5",
        "sendmsg(3, {msg_name(0)=NULL, msg_iov(2)=[{\"abc\", 3}, {\"de\", 2}], msg_iovlen=2, \
         msg_controllen=0, msg_flags=0}, 0) = 5",
    ] {
        let rows = rows_of(&format!("{line}\n"));
        assert_eq!(rows.len(), 3, "{line}");
        let data: Vec<_> = rows.iter().map(|row| row["iov_data_written"].clone()).collect();
        assert_eq!(data, [Value::Null, json!("abc"), json!("de")], "{line}");
    }
}

#[test]
fn numbers_in_memory_are_as_wide_as_the_declaration_says() {
    let row = row_of("pipe2([3, 4], O_CLOEXEC) = 0");
    expect(&row, &[("read_descriptor", json!(3)), ("write_descriptor", json!(4))]);
    let row = row_of("sendfile(4, 3, [17] => [117], 100) = 100");
    expect(&row, &[("in_offset", json!(17))]);
    let row = row_of("accept(3, {sa_family=AF_UNIX}, [110 => 2]) = 4");
    expect(&row, &[("sockaddr_length", json!(2))]);
}

#[test]
fn sets_of_descriptors_signals_and_cpus_are_bits() {
    let row = row_of(
        "select(6, [3 5], [], NULL, {tv_sec=1, tv_usec=0}) = 1 (in [5], left {tv_sec=0, tv_usec=9})",
    );
    expect(&row, &[("read_set", json!(0b10_1000)), ("ready_read_set", json!(0b10_0000))]);
    let row = row_of("select(6, [3], NULL, NULL, {1, 0}) = 0 (Timeout)");
    expect(&row, &[("read_set", json!(0b1000)), ("ready_read_set", json!(0))]);
    let row = row_of("rt_sigprocmask(SIG_BLOCK, [INT CHLD], ~[KILL STOP RTMIN RT_1], 8) = 0");
    let set = 1u64 << (libc::SIGINT - 1) | 1 << (libc::SIGCHLD - 1);
    let others = !(1u64 << 8 | 1 << 18 | 1 << 31 | 1 << 32);
    let masks: Vec<_> = row.values().filter_map(Value::as_i64).map(|value| value as u64).collect();
    assert!(masks.contains(&set) && masks.contains(&others), "{row:?}");
}

#[test]
fn a_wait_tells_how_the_child_ended() {
    for (printed, status) in [
        ("WIFEXITED(s) && WEXITSTATUS(s) == 3", 3 << 8),
        ("WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL", 9),
        ("WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV && WCOREDUMP(s)", 11 | 0x80),
        ("WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP", 19 << 8 | 0x7f),
    ] {
        let row = row_of(&format!("wait4(-1, [{{{printed}}}], 0, NULL) = 77"));
        assert!(row.values().any(|value| *value == json!(status)), "{printed}: {row:?}");
    }
}

#[test]
fn calls_that_others_overlapped_are_put_together() {
    let rows = rows_of(
        "10 1700000000.000000 read(3,  <unfinished ...>\n\
         11 1700000000.000001 write(4, \"xyz\", 3) = 3 <0.000001>\n\
         10 1700000000.000002 <... read resumed>\"xyz\", 10) = 3 <0.000002>\n\
         11 1700000000.000003 vfork( <unfinished ...>\n\
         12 1700000000.000004 close(0) = 0 <0.000001>\n\
         11 1700000000.000005 <... vfork resumed>) = 12 <0.000002>\n\
         10 1700000000.000006 getuid( <unfinished ...>\n\
         10 1700000000.000006 <... getuid resumed> )    = 0 <0.000001>\n\
         12 1700000000.000007 exit_group(5) = ?\n\
         12 1700000000.000008 +++ exited with 5 +++\n",
    );
    let order: Vec<_> = rows.iter().map(kind).collect();
    assert_eq!(order, ["write", "read", "vfork", "close", "getuid", "exit"]);
    expect(
        &rows[1],
        &[
            ("data_read", json!("xyz")),
            ("time_called", json!(1_700_000_000_000_000_000i64)),
            ("time_returned", json!(1_700_000_000_000_002_000i64)),
        ],
    );
    expect(&rows[5], &[("exit_status", json!(5)), ("return_value", Value::Null)]);
}

#[test]
fn an_interrupted_call_is_one_call_if_it_goes_on_and_fails_if_not() {
    let rows = rows_of(
        "read(0, 0x7ffd, 10) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)\n\
         --- SIGWINCH {si_signo=SIGWINCH, si_code=SI_KERNEL} ---\n\
         read(0, \"x\", 10) = 1\n\
         nanosleep({tv_sec=5, tv_nsec=0}, 0x7ffd) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)\n\
         --- SIGCONT {si_signo=SIGCONT, si_code=SI_USER, si_pid=1, si_uid=0} ---\n\
         restart_syscall(<... resuming interrupted nanosleep ...>) = 0\n\
         pause() = ? ERESTARTNOHAND (To be restarted if no handler)\n\
         --- SIGALRM {si_signo=SIGALRM, si_code=SI_KERNEL} ---\n\
         rt_sigreturn({mask=[]}) = -1 EINTR (Interrupted system call)\n",
    );
    let told: Vec<_> = rows.iter().map(|row| (kind(row), row["return_value"].clone())).collect();
    let expected = [
        ("read", json!(1)),
        ("nanosleep", json!(0)),
        ("pause", json!(-1)),
        ("rt_sigreturn", json!(-1)),
    ];
    assert_eq!(told, expected);
    expect(&rows[0], &[("data_read", json!("x"))]);
    expect(&rows[2], &[("errno_number", json!(libc::EINTR))]);
}

#[test]
fn what_is_no_call_is_passed_over() {
    let rows = rows_of(
        "strace: Process 7 attached\n\
         Process 8 attached\n\
         close(0) = 0\n\
         \x20> /lib/x86_64-linux-gnu/libc.so.6(close+0x1b) [0xf3d1b]\n\
         \x20> unexpected_backtracing_error [0x7ffd]\n\
         --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=9, si_uid=0} ---\n\
         --- stopped by SIGSTOP ---\n\
         \x20* 20 bytes in buffer 0\n\
         \x20| 00000  61 61 61 61                                       aaaa             |\n\
         System call usage summary for 64 bit mode:\n\
         % time     seconds  usecs/call     calls    errors syscall\n\
         ------ ----------- ----------- --------- --------- ----------------\n\
         \x2036.59    0.000075           9         8           mmap\n\
         \x20 4.88    0.000010          10         1         1 access\n\
         ------ ----------- ----------- --------- --------- ----------------\n\
         100.00    0.000205           7        29         1 total\n\
         \n\
         +++ killed by SIGKILL +++\n",
    );
    assert_eq!(rows.iter().map(kind).collect::<Vec<_>>(), ["close"]);
}

#[test]
fn calls_of_32_bit_programs_are_counted_and_not_guessed_at() {
    let case = empty();
    let text = "[ Process PID=5 runs in 32 bit mode. ]\n\
                5 open(\"x\", O_RDONLY) = 3\n\
                [ Process PID=5 runs in 64 bit mode. ]\n\
                5 close(3) = 0\n";
    let output = convert_text(&case, text);
    assert!(told(&output).contains("1 calls of 32-bit programs"), "{}", told(&output));
    assert_eq!(rows(&case.trace()).iter().map(kind).collect::<Vec<_>>(), ["close"]);
}

#[test]
fn lines_that_make_no_sense_are_named_and_end_it_if_asked() {
    let case = empty();
    let log = case.trace().with_extension("log");
    let text = "close(0) = 0\nhello world\nclose(1 = 0\nread(0, \"x, 1) = 1\nclose(2) = 0\n";
    std::fs::write(&log, text).unwrap();
    let output = strace2ds(&case, &[&log]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = told(&output);
    for place in [":2: not a line of strace's", ":3: ", ":4: a string that doesn't end at byte"] {
        assert!(said.contains(place), "{said}");
    }
    assert_eq!(rows(&case.trace()).len(), 2);
    let output = strace2ds(&case, &[&log]).arg("--strict").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains(":2: not a line of strace's"), "{}", told(&output));
}

#[test]
fn a_log_says_which_options_would_have_made_it_whole() {
    let case = empty();
    let text =
        "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f00) = 77\n";
    let said = told(&convert_text(&case, text));
    for option in ["-f has them", "-ttt shows it", "-T does", "strace -f -ttt -T -v -s 1000000"] {
        assert!(said.contains(option), "{option}: {said}");
    }
    let row = rows(&case.trace()).remove(0);
    let flags = libc::CLONE_CHILD_CLEARTID | libc::SIGCHLD;
    expect(&row, &[("flag_value", json!(flags)), ("return_value", json!(77))]);
}

/// The calls of one log per task, in the order that they are given.
#[track_caller]
fn order_of(logs: &[(i32, &str)]) -> Vec<(i64, String)> {
    let case = empty();
    let paths: Vec<_> = logs
        .iter()
        .map(|(task, text)| {
            let path = case.trace().with_extension(format!("log.{task}"));
            std::fs::write(&path, text).unwrap();
            path
        })
        .collect();
    convert(&case, &paths.iter().map(|path| path.as_path()).collect::<Vec<_>>());
    let rows = rows(&case.trace());
    let told =
        rows.iter().map(|row| (row["executing_tid"].as_i64().unwrap(), kind(row).to_owned()));
    told.collect()
}

#[test]
fn calls_of_several_logs_follow_one_another_by_their_times() {
    let told = |names: &[(i64, &str)]| -> Vec<_> {
        names.iter().map(|(task, name)| (*task, (*name).to_owned())).collect()
    };
    // A task begins when the call that makes it is made, and is waited for when it has ended, though all of
    // it be in one moment.
    let order = order_of(&[
        (
            12,
            "1700000000.000000 close(1) = 0 <0.000000>\n1700000000.000000 exit_group(0) = ?\n\
              1700000000.000000 +++ exited with 0 +++\n",
        ),
        (
            11,
            "1700000000.000000 vfork() = 12 <0.000000>\n\
              1700000000.000001 wait4(12, NULL, 0, NULL) = 12 <0.000002>\n",
        ),
    ]);
    assert_eq!(order, told(&[(11, "vfork"), (12, "close"), (12, "exit"), (11, "wait4")]));
    // What returned goes before what is called in the same moment.
    let order = order_of(&[
        (11, "1700000000.000010 close(3) = 0 <0.000001>\n"),
        (
            12,
            "1700000000.000008 close(4) = 0 <0.000002>\n1700000000.000010 dup(5) = 6 <0.000001>\n",
        ),
    ]);
    assert_eq!(order, told(&[(12, "close"), (11, "close"), (12, "dup")]));
    // A write that took its time waited for the read, which its duration alone would put behind it.
    let read = "1700000000.000200 read(3, \"x\", 9) = 1 <0.000003>\n1700000000.000300 getuid() = 0 <0.000001>\n";
    let write = |lasted: u32| {
        format!(
            "1700000000.000000 write(4, \"x\", 1) = 1 <0.{lasted:06}>\n\
             1700000000.000250 getgid() = 0 <0.000001>\n"
        )
    };
    let order = order_of(&[(11, &write(150)), (12, read)]);
    assert_eq!(order, told(&[(12, "read"), (11, "write"), (11, "getgid"), (12, "getuid")]));
    let order = order_of(&[(11, &write(5)), (12, read)]);
    assert_eq!(order, told(&[(11, "write"), (12, "read"), (11, "getgid"), (12, "getuid")]));
}

#[test]
fn logs_without_times_have_no_order_between_them() {
    let case = empty();
    let logs = [case.trace().with_extension("log.1"), case.trace().with_extension("log.2")];
    for log in &logs {
        std::fs::write(log, "close(0) = 0\n").unwrap();
    }
    let output = strace2ds(&case, &[&logs[0], &logs[1]]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("-ff -ttt -T"), "{}", told(&output));
}
