//! What our recorder writes is what the original wrote: each command of the reference traces is recorded once more, in
//! the folder that it began in, and every column of every row is compared with the original's. Where the two differ
//! it is a defect of the original, which the trace schema's document names (`trace-schema.md`, section 8), or
//! something that isn't the same twice; both are listed here, and nothing else may differ.
//!
//! That the text dumps print the same rows as the `.ds` files used here is what `dstool.rs` tests, to the byte.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dataseries::Value;
use replay_tests::case::BACKENDS;
use replay_tests::original::again::{folder_there, other_system, recorded};
use replay_tests::original::{Line, Matched, Pair, matched};
use replay_tests::tool::trace;
use replay_tests::trace::{Cell, Changes, Trace};
use tempfile::TempDir;

const ALL: [&str; 11] =
    ["cp", "dd", "ln", "lslr", "mkdirp", "mv", "pipe", "rmdir", "sqlite", "tarc", "touch"];

/// A way in which a column may differ.
struct Difference {
    why: Why,
    /// The record types that have it; all if there are none.
    of: &'static [&'static str],
    /// The columns; all if there are none. A `*` stands for any end of a name.
    columns: &'static [&'static str],
    /// Whether what differs is that.
    holds: fn(&Pair<'_>, &str) -> bool,
}

enum Why {
    /// A defect of the original: its number in the schema's document.
    Defect(&'static str),
    /// It isn't the same twice.
    Moment,
}
use Why::{Defect, Moment};

const RESULTS: &[&str] = &["stat_result_*", "statfs_result_*", "ioctl_buffer"];
const TASKS: &[&str] = &["executing_pid", "executing_tid"];
const TIMES: &[&str] = &["time_called", "time_recorded", "time_returned"];

const DIFFERENCES: &[Difference] = &[
    Difference { why: Defect("D16"), of: &["exit"], columns: &["generated"], holds: is_true_there },
    Difference { why: Defect("D1"), of: &[], columns: &[], holds: is_true_there },
    Difference {
        why: Defect("D2"),
        of: &["fstatat"],
        columns: &["stat_result_atime", "stat_result_ctime", "stat_result_mtime"],
        holds: |pair, column| both(pair, column, |time| time > 1 << 32),
    },
    Difference {
        why: Defect("D3"),
        of: &["getxattr", "lgetxattr"],
        columns: &["xattr_name", "value_read"],
        holds: |pair, column| pair.theirs.value(column) == Value::Bytes(b""),
    },
    Difference {
        why: Defect("D4"),
        of: &["umask"],
        columns: &["return_value", "errno_number", "executing_tid", "time_called", "time_returned"],
        holds: |pair, _| pair.theirs.number("unique_id") == Some(0),
    },
    Difference {
        why: Defect("D5"),
        of: &["clone"],
        columns: &["child_thread_id", "parent_thread_id"],
        holds: |pair, column| pair.ours.number(column) == pair.ours.number("return_value"),
    },
    Difference {
        why: Defect("D7"),
        of: &["symlinkat"],
        columns: &["new_descriptor"],
        holds: |pair, column| pair.ours.number(column) == Some(libc::AT_FDCWD.into()),
    },
    Difference {
        why: Defect("D9"),
        of: &["fcntl"],
        columns: &["lock_type", "lock_whence"],
        holds: |pair, column| {
            let low = |line: Line<'_>| line.number(column).map(|number| number as i16);
            low(pair.theirs) == low(pair.ours)
                && both(&Pair { theirs: pair.ours, ..*pair }, column, |number| number < 4)
        },
    },
    Difference {
        why: Defect("D10"),
        of: &["lseek"],
        columns: &["whence_value"],
        holds: |pair, column| {
            let is_whence = pair.ours.number(column) == pair.ours.number("whence");
            pair.theirs.value(column) == Value::Null && is_whence
        },
    },
    Difference {
        why: Defect("D12"),
        of: &["ioctl"],
        columns: &["ioctl_buffer"],
        holds: |pair, column| {
            let has_none = pair.ours.number("buffer_size") == Some(0);
            has_none && pair.theirs.value(column) == Value::Bytes(b"")
        },
    },
    // The document says so of stat, statfs and getrlimit; ioctl's buffer is the same thing.
    Difference {
        why: Defect("D13"),
        of: &["fstatat", "statfs", "ioctl"],
        columns: RESULTS,
        holds: |pair, column| {
            let failed = pair.theirs.number("return_value") == Some(-1);
            failed && pair.ours.value(column) == Value::Null
        },
    },
    // Numbers that are given anew each time.
    Difference { why: Moment, of: &[], columns: TASKS, holds: are_positive },
    Difference {
        why: Moment,
        of: &["clone", "vfork"],
        columns: &["return_value"],
        holds: are_positive,
    },
    Difference { why: Moment, of: &[], columns: &["unique_id"], holds: are_positive },
    Difference {
        why: Moment,
        of: &[],
        columns: TIMES,
        holds: |pair, column| {
            let time = |column| pair.ours.number(column).unwrap_or(i64::MAX);
            let in_order = time("time_called") <= time("time_returned");
            both(pair, column, |time| time > 1 << 60) && in_order
        },
    },
    // Where the kernel puts things in memory, and how much the loader needs there.
    Difference {
        why: Moment,
        of: &["mmap", "munmap", "ioctl"],
        columns: &["return_value", "start_address", "parameter"],
        holds: |pair, column| both(pair, column, |address| address > 1 << 20),
    },
    Difference {
        why: Moment,
        of: &["mmap"],
        columns: &["length"],
        holds: |pair, column| {
            pair.ours.number("descriptor") == Some(-1)
                && both(pair, column, |length| length <= 1 << 14)
        },
    },
    // The file system that the folder is on, and the machine's own files.
    Difference {
        why: Moment,
        of: &["fstatat"],
        columns: &[
            "stat_result_ino",
            "stat_result_dev",
            "stat_result_blocks",
            "stat_result_blksize",
        ],
        holds: |pair, column| both(pair, column, |_| true),
    },
    Difference {
        why: Moment,
        of: &["statfs"],
        columns: &["statfs_result_*"],
        holds: |pair, column| both(pair, column, |_| true),
    },
    Difference {
        why: Moment,
        of: &["fstatat", "read", "lseek", "mmap", "munmap"],
        columns: &["stat_result_*", "data_read", "return_value", "offset", "length"],
        holds: |pair, _| pair.of_machine && pair.theirs.number("errno_number") == Some(0),
    },
    // Memory of the program's that nobody has set: who has a lock is told only if one is asked for, and behind a
    // path there is nothing.
    Difference {
        why: Moment,
        of: &["fcntl"],
        columns: &["lock_pid"],
        holds: |pair, _| pair.ours.number("command_value") != Some(libc::F_GETLK.into()),
    },
    Difference {
        why: Moment,
        of: &["connect"],
        columns: &["sockaddr_buffer"],
        holds: |pair, column| {
            let path = |line: Line<'_>| -> Option<Vec<u8>> {
                let path = line.bytes(column)?.get(2..)?;
                Some(path.iter().take_while(|byte| **byte != 0).copied().collect())
            };
            path(pair.ours).is_some_and(|ours| path(pair.theirs) == Some(ours))
        },
    },
    // What dd tells of its speed, and df of the file system; the database's random numbers.
    Difference {
        why: Moment,
        of: &["write"],
        columns: &["data_written", "bytes_requested", "return_value"],
        holds: |pair, _| {
            let tells = |line: Line<'_>| {
                let text = String::from_utf8_lossy(line.bytes("data_written").unwrap_or_default());
                text.contains(" copied, ") || text.starts_with("Filesystem ")
            };
            tells(pair.theirs) && tells(pair.ours)
        },
    },
    Difference {
        why: Moment,
        of: &["pwrite"],
        columns: &["data_written"],
        holds: |pair, column| {
            let length = |line: Line<'_>| line.bytes(column).map(<[u8]>::len);
            length(pair.theirs) == length(pair.ours)
        },
    },
];

fn is_true_there(pair: &Pair<'_>, column: &str) -> bool {
    [pair.theirs.value(column), pair.ours.value(column)] == [Value::Bool(true), Value::Bool(false)]
}

/// Whether both have a number for which `test` holds.
fn both(pair: &Pair<'_>, column: &str, test: fn(i64) -> bool) -> bool {
    [pair.theirs, pair.ours].iter().all(|line| line.number(column).is_some_and(test))
}

fn are_positive(pair: &Pair<'_>, column: &str) -> bool {
    both(pair, column, |number| number >= 0)
}

impl Difference {
    fn explains(&self, pair: &Pair<'_>, column: &str) -> bool {
        let is_named = |name: &&str| match name.strip_suffix('*') {
            Some(start) => column.starts_with(start),
            None => column == *name,
        };
        (self.of.is_empty() || self.of.contains(&pair.theirs.name))
            && (self.columns.is_empty() || self.columns.iter().any(is_named))
            && (self.holds)(pair, column)
    }
}

/// What differs without a reason, in words; `met` gets the defects that were come upon.
fn differences<'t>(
    matched: Matched<'t>,
    [there, here]: [&str; 2],
    met: &mut BTreeSet<&'static str>,
) -> Vec<String> {
    let mut told = matched.alone;
    let mut renamed: BTreeMap<i64, i64> = BTreeMap::new();
    for pair in &matched.pairs {
        let (names, ours) = (pair.theirs.columns(), pair.ours.columns());
        if !ours.starts_with(&names) {
            told.push(format!("{}: its columns are {ours:?}", pair.ours.name));
        }
        for column in names {
            let [theirs, ours] = [pair.theirs.value(&column), pair.ours.value(&column)];
            if theirs == ours || is_same_path(theirs, ours, [there, here]) {
                continue;
            }
            let Some(difference) = DIFFERENCES.iter().find(|it| it.explains(pair, &column)) else {
                let record = pair.ours.number("unique_id").unwrap_or_default();
                let name = pair.ours.name;
                told.push(format!("{name} {record}: {column} is {ours:?}, there {theirs:?}"));
                continue;
            };
            if let Defect(number) = difference.why {
                met.insert(number);
            } else if TASKS.contains(&column.as_str()) {
                let [theirs, ours] = [pair.theirs, pair.ours].map(|line| line.number(&column));
                let (theirs, ours) = (theirs.unwrap_or(-1), ours.unwrap_or(-1));
                if *renamed.entry(theirs).or_insert(ours) != ours {
                    told.push(format!("task {ours} is another one there, at times {theirs}"));
                }
            }
        }
    }
    told
}

/// Whether both are one path, or text with it, in the command's folder; or one of the folders that that is in.
fn is_same_path(theirs: Value<'_>, ours: Value<'_>, [there, here]: [&str; 2]) -> bool {
    let (Value::Bytes(theirs), Value::Bytes(ours)) = (theirs, ours) else { return false };
    let (Ok(theirs), Ok(ours)) = (std::str::from_utf8(theirs), std::str::from_utf8(ours)) else {
        return false;
    };
    let above = |path: &str, folder: &str| {
        let mut folders = Path::new(folder).ancestors();
        folders.position(|above| Some(above) == path.strip_suffix('\0').map(Path::new))
    };
    let up = above(theirs, there);
    theirs.replace(there, here) == ours || up.is_some() && up == above(ours, here)
}

#[test]
fn what_is_recorded_here_is_what_the_original_recorded() {
    let mut met = BTreeSet::new();
    let mut compared = 0;
    for (name, backend) in ALL.iter().flat_map(|name| BACKENDS.map(|backend| (*name, backend))) {
        let theirs = Trace::open(&trace(&format!("{name}.ds")));
        if let Some(why) = other_system(name, &theirs) {
            eprintln!("NOT COMPARED: {name}: {why}");
            continue;
        }
        let scratch = TempDir::new_in("/tmp").unwrap();
        let ours = recorded(name, scratch.path(), backend);
        let here = scratch.path().join(name);
        let folders = [&folder_there(name), here.to_str().unwrap()];
        let matched = matched(&theirs, &ours, folders[0].as_bytes(), name == "pipe");
        compared += matched.pairs.len();
        let told = differences(matched, folders, &mut met);
        assert!(told.is_empty(), "{name} by {backend}: {}\n{}", told.len(), told.join("\n"));
    }
    let listed = DIFFERENCES.iter().filter_map(|difference| match difference.why {
        Defect(number) => Some(number),
        Moment => None,
    });
    let never: Vec<_> = listed.filter(|number| !met.contains(number)).collect();
    assert!(compared == 0 || never.is_empty(), "defects that nothing shows: {never:?}");
}

#[test]
fn a_difference_without_a_reason_is_told() {
    let theirs = Trace::open(&trace("ln.ds"));
    let folder = folder_there("ln");
    let told = |ours: &Trace| {
        let matched = matched(&theirs, ours, folder.as_bytes(), false);
        differences(matched, [&folder, &folder], &mut BTreeSet::new())
    };
    assert_eq!(told(&theirs), Vec::<String>::new(), "of itself");
    let scratch = TempDir::new().unwrap();
    let changed = |record: &str, column: &str, cell: Cell| {
        let at = *theirs.rows_of(record).last().unwrap();
        let file = scratch.path().join("changed.ds");
        theirs.write(&file, &Changes::from([(at, vec![(column.to_owned(), cell)])]));
        told(&Trace::open(&file))
    };
    for (record, column, cell) in [
        ("openat", "open_value", Cell::Number(7777)),
        ("linkat", "given_newpathname", Cell::Bytes(b"another\0".to_vec())),
        ("close", "return_value", Cell::Number(-1)),
        ("mknodat", "mode_value", Cell::Number(0)),
        ("fstatat", "stat_result_size", Cell::Number(77)),
    ] {
        let told = changed(record, column, cell);
        assert!(told.len() == 1 && told[0].contains(column), "{record}, {column}: {told:?}");
    }
    let other = Trace::open(&trace("touch.ds"));
    assert!(!told(&other).is_empty(), "another command's calls");
}
