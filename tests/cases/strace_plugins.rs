//! Plugins of third parties, built elsewhere: strace2ds, which was built without them, makes their records of
//! what strace prints, by what they declare and nothing else.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use replay_tests::built::program;
use replay_tests::case::{Case, told};
use replay_tests::folder::PluginFolder;
use replay_tests::outside::Crate;
use replay_tests::strace::{FLAGS, Row, kind, rows, strace};
use serde_json::{Value, json};

/// A case with a plugin beside the stock ones, some of which are left out.
fn with_plugin(without: &[&str], library: &Path) -> (Case, PluginFolder) {
    let plugins = PluginFolder::without(without);
    let name = library.file_name().expect("a library has a name");
    fs::copy(library, plugins.path().join(name)).unwrap();
    let case = Case::new(|folder| {
        fs::write(folder.join("a"), "some text\n").unwrap();
        std::os::unix::fs::symlink("a", folder.join("link")).unwrap();
    });
    (case.with_plugins(plugins.path()), plugins)
}

/// Makes the case's trace of `log`.
#[track_caller]
fn convert(case: &Case, plugins: &PluginFolder, log: &Path) -> Output {
    let mut strace2ds = Command::new(program("strace2ds"));
    strace2ds.arg("--plugins").arg(plugins.path()).arg("--cwd").arg(case.folder());
    let output = strace2ds.arg("--strict").arg("-o").arg(case.trace()).arg(log).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", told(&output));
    output
}

/// The rows of record type `name`.
fn of(case: &Case, name: &str) -> Vec<Row> {
    rows(&case.trace()).into_iter().filter(|row| kind(row) == name).collect()
}

#[test]
fn a_third_partys_call_converts_by_its_own_columns() {
    let sizes = Crate::new("acme-sizes", "statx").with_source(include_str!("../outside/sizes.rs"));
    let (case, plugins) = with_plugin(&["statx"], &sizes.build());
    let words = ["ls", "-l", "--time-style=+%s", "a", "link"];
    // What the recorder has of it is what strace2ds is to make of strace's words.
    let columns = ["directory", "name", "how", "size_in_bytes", "links", "changed"];
    let told_of = |case: &Case| -> Vec<Vec<Value>> {
        let of = |row: Row| columns.iter().map(|name| row[*name].clone()).collect();
        of_files(case).into_iter().map(of).collect()
    };
    let output = case.recorder(&words).env_remove("LD_LIBRARY_PATH").output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let recorded = told_of(&case);
    assert!(recorded.iter().any(|row| row[3] == 10), "the file's length: {recorded:?}");

    let log = strace(&case, &FLAGS, &words);
    convert(&case, &plugins, &log);
    assert_eq!(told_of(&case), recorded);
    let replay = case.replay(&["--verify", "--abort", "--verbose"]);
    assert_eq!(replay.status.code(), Some(0), "{}", told(&replay));
    assert!(told(&replay).contains("file_sizes(directory="), "{}", told(&replay));

    // Names of the plugin's own tables are numbers.
    let text = "statx(AT_FDCWD, \"a\", AT_ACME_FAST|AT_SYMLINK_NOFOLLOW, STATX_SIZE, 0x7ffd) = -1 \
                ENOENT (No such file or directory)\n";
    fs::write(&log, text).unwrap();
    convert(&case, &plugins, &log);
    assert_eq!(of_files(&case)[0]["how"], json!(0x10_0100));
}

/// The plugin's rows of the case's own files.
fn of_files(case: &Case) -> Vec<Row> {
    let mut rows = of(case, "file_sizes");
    rows.retain(|row| ["a\0", "link\0"].iter().any(|name| row["name"] == *name));
    rows
}

#[test]
fn a_third_partys_family_of_requests_is_told_from_the_others() {
    let terminals = Crate::new("terminals", "ioctl");
    let terminals = terminals.with_source(include_str!("../outside/terminals.rs"));
    let library = terminals.build();
    let text = "ioctl(3, TCGETS, {c_iflag=ICRNL|IXON, c_oflag=0x5, c_cflag=0x4bf, c_lflag=0x8a3b, \
                c_line=N_TTY, c_cc=[[VINTR]=0x3, [VMIN]=0x1, [18]=0]}) = 0\n\
                ioctl(3, 0x5401 /* TCGETS */, 0x7ffd) = -1 ENOTTY (Inappropriate ioctl for device)\n\
                ioctl(3, TIOCGWINSZ, 0x7ffd <unfinished ...>) = ?\n\
                ioctl(4, FS_IOC_GETFLAGS, [FS_EXTENT_FL]) = 0\n";
    for without in [&[][..], &["ioctl"]] {
        let (case, plugins) = with_plugin(without, &library);
        let log = case.trace().with_extension("log");
        fs::write(&log, text).unwrap();
        let output = convert(&case, &plugins, &log);
        let family = of(&case, "terminal_request");
        let requests: Vec<_> = family.iter().map(|row| row["request"].clone()).collect();
        assert_eq!(requests, [0x5401, 0x5401, 0x5413]);
        assert_eq!(family[0]["input_flags"], json!(libc::ICRNL | libc::IXON));
        assert_eq!(family[1]["input_flags"], Value::Null);
        // The others are the stock plugin's, if there is one.
        let is_alone = without.contains(&"ioctl");
        assert_eq!(of(&case, "ioctl").len(), usize::from(!is_alone));
        assert_eq!(told(&output).contains("plugin: ioctl 1"), is_alone, "{}", told(&output));
        assert_eq!(output.status.code(), Some(is_alone.into()), "{}", told(&output));
    }
}

#[test]
fn a_call_that_strace_has_no_name_for_converts_by_its_number() {
    let plugin = Crate::new("acme-fsync", "fsync");
    let (case, plugins) = with_plugin(&["fsync"], &plugin.build());
    let log = case.trace().with_extension("log");
    for name in ["syscall_74", "syscall_0x4a", "SYS_74"] {
        fs::write(&log, format!("{name}(0x3, 0x7f00, 0, 0, 0, 0x1b) = -1 EBADF (It says so)\n"))
            .unwrap();
        convert(&case, &plugins, &log);
        let rows = rows(&case.trace());
        assert_eq!(rows.len(), 1, "{name}");
        assert_eq!((kind(&rows[0]), &rows[0]["descriptor"]), ("fsync", &json!(3)), "{name}");
    }
}
