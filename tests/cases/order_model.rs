//! What the orders promise, held against replays that recorded themselves (docs/ordering.md).

use std::collections::{HashMap, HashSet};
use std::path::Path;

use replay_core::registry::{PluginOptions, Registry};
use replay_tests::built::{plugins, program};
use replay_tests::case::{Case, told};
use replay_tests::tool::prints;
use serde_json::Value;

/// A call of the trace, and when it was entered and done in the replay.
#[derive(Clone, Debug)]
struct Call {
    /// Its record type.
    ty: String,
    task: i64,
    /// Order ids of its entry and of its return.
    called: i64,
    id: i64,
    /// The name that it is on, and whether it changes something.
    name: Option<(String, bool)>,
    can_wait: bool,
    /// Whether it overlapped one that can wait.
    may_be_early: bool,
    /// The first of those that it overlapped, on the same name, which may have come after it by what came of both.
    before: Option<i64>,
    entered: i64,
    done: i64,
}

/// A promise: whether `first` must be done before `second` is entered, where it has the lower id.
type Promise = fn(first: &Call, second: &Call) -> bool;

fn program_order(first: &Call, second: &Call) -> bool {
    first.task == second.task
}

fn had_returned(first: &Call, second: &Call) -> bool {
    first.id < second.called
}

fn by_id(first: &Call, second: &Call) -> bool {
    first.id < second.id && !second.may_be_early && !is_moved(first, second)
}

/// Whether the second call took effect before the first, though it returned later.
fn is_moved(first: &Call, second: &Call) -> bool {
    second.before.is_some_and(|before| before <= first.id)
}

fn conflict(first: &Call, second: &Call) -> bool {
    match (&first.name, &second.name) {
        (Some((one, changes)), Some((other, too))) => {
            one == other && (*changes || *too) && !is_moved(first, second)
        }
        _ => false,
    }
}

const STRICT: [Promise; 4] = [program_order, had_returned, by_id, conflict];
const CAUSAL: [Promise; 3] = [program_order, had_returned, conflict];
const RESOURCE: [Promise; 2] = [program_order, conflict];
const FREE: [Promise; 1] = [program_order];

/// Pairs of calls, by id, that break one of the promises.
fn broken(calls: &[Call], promises: &[Promise]) -> Vec<(i64, i64)> {
    let mut broken = Vec::new();
    for (index, second) in calls.iter().enumerate() {
        for first in &calls[..index] {
            let promised = promises.iter().any(|promise| promise(first, second));
            if promised && first.done > second.entered {
                broken.push((first.id, second.id));
            }
        }
    }
    broken
}

/// Calls by path, which the model can tell apart here without following descriptors; with whether they change
/// something.
const BY_NAME: [(&str, bool); 9] = [
    ("stat", false),
    ("lstat", false),
    ("fstatat", false),
    ("access", false),
    ("truncate", true),
    ("chmod", true),
    ("unlink", true),
    ("mkdir", true),
    ("rmdir", true),
];

/// Record types whose calls may wait for another process, or whose records belong to their beginning: as the
/// plugins say.
fn special(is_so: fn(&replay_schema::Call) -> bool) -> HashSet<String> {
    let options = PluginOptions { plugins: vec![plugins()], ..PluginOptions::default() };
    let registry = Registry::open(&options).expect("the plugins are good");
    let calls = registry.extents().expect("the plugins are good");
    calls.iter().filter(|call| is_so(call)).map(|call| call.extent.clone()).collect()
}

/// The rows of `file` as objects, in the order of their ids.
fn rows(file: &Path) -> Vec<Value> {
    let text = prints(&["cat", "--json", "--exact"], file);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn number(row: &Value, column: &str) -> Option<i64> {
    row[column].as_i64()
}

fn type_of(row: &Value) -> &str {
    row["extent_type"].as_str().unwrap().rsplit("::").next().unwrap()
}

/// A call on names, and what came of it.
struct Named {
    id: i64,
    /// The first of those that it may have gone before, or itself.
    first: i64,
    /// The last parts of its paths, and those before.
    names: Vec<String>,
    directories: Vec<String>,
    errno: i64,
    removes: bool,
    makes: bool,
    /// Whether it saw a file without a name.
    is_gone: bool,
}

impl Named {
    /// Whether what came of this call and of `earlier`, which it overlapped and which returned before it, may tell that
    /// this one took effect first.
    fn tells_of(&self, earlier: &Self) -> bool {
        let common =
            |ours: &[String], theirs: &[String]| ours.iter().any(|one| theirs.contains(one));
        let is_lack = |errno| [libc::ENOENT, libc::EEXIST].map(i64::from).contains(&errno);
        let changes = |call: &Self| call.makes || call.removes;
        let of_name = is_lack(self.errno) != is_lack(earlier.errno)
            || earlier.removes && self.errno == 0
            || self.makes && earlier.errno == 0;
        (common(&self.names, &earlier.names) && of_name)
            || ((common(&self.names, &earlier.directories)
                || common(&self.directories, &earlier.names))
                && (changes(self) || changes(earlier)))
            || (earlier.is_gone && changes(self))
    }
}

/// The calls of the trace that can be told apart, with the times of the replay: both have a task's calls in the
/// same order.
fn calls(trace: &Path, replayed: &Path) -> Vec<Call> {
    let mut times: HashMap<i64, Vec<(String, i64, i64)>> = HashMap::new();
    let mut seen = HashMap::new();
    let is_call = |row: &Value| row["extent_type"].as_str().unwrap().contains("Syscall");
    for row in rows(replayed).iter().filter(|row| is_call(row)) {
        let (Some(task), Some(id)) = (number(row, "executing_pid"), number(row, "unique_id"))
        else {
            continue;
        };
        // A call may have several rows.
        if seen.insert((task, id), ()).is_none() {
            let called = number(row, "time_called").unwrap();
            let recorded = number(row, "time_recorded").unwrap();
            times.entry(task).or_default().push((type_of(row).to_owned(), called, recorded));
        }
    }
    let all = rows(trace);
    let overlaps: HashMap<i64, i64> = all
        .iter()
        .filter(|row| type_of(row) == "Overlap")
        .map(|row| (number(row, "unique_id").unwrap(), number(row, "called_id").unwrap()))
        .collect();
    let (at_entry, can_wait) = (special(|call| call.at_entry), special(|call| call.blocks));
    let mut next: HashMap<i64, usize> = HashMap::new();
    let mut calls: Vec<Call> = Vec::new();
    let mut named: Vec<Named> = Vec::new();
    for row in all.iter().filter(|row| is_call(row)) {
        let (task, id) = (number(row, "executing_pid").unwrap(), number(row, "unique_id").unwrap());
        if calls.last().is_some_and(|last| last.id == id) {
            continue;
        }
        let index = next.entry(task).or_default();
        let ty = type_of(row);
        let (replayed_ty, entered, done) = &times[&task][*index];
        assert_eq!(ty, replayed_ty, "call {index} of task {task}");
        let (entered, done) = (*entered, *done);
        *index += 1;
        let own = if at_entry.contains(ty) { id } else { id - 1 };
        let path = row["given_pathname"].as_str().map(str::to_owned);
        let by_name = BY_NAME.iter().find(|(name, _)| *name == ty);
        let called = overlaps.get(&id).copied().unwrap_or(own);
        let errno = number(row, "errno_number").unwrap_or_default();
        let given = row.as_object().unwrap().iter().filter(|(name, _)| name.starts_with("given_"));
        let paths = given.filter_map(|(_, path)| Some(path.as_str()?.trim_end_matches('\0')));
        let paths: Vec<String> = paths.map(str::to_owned).collect();
        let part = |number: usize| {
            let parts = paths.iter().filter_map(move |path| path.rsplit('/').nth(number));
            parts.map(str::to_owned).collect()
        };
        let does = |what: &[&str]| errno == 0 && what.iter().any(|what| ty.starts_with(what));
        let is_gone = row.as_object().unwrap().iter().any(|(name, links)| {
            name.ends_with("_nlink") && links.as_i64() == Some(0) && errno == 0
        });
        let call = Named {
            id,
            first: id,
            names: part(0),
            directories: part(1),
            errno,
            removes: does(&["unlink", "rmdir", "rename"]),
            makes: does(&["mkdir", "link", "symlink", "open", "rename", "creat"]),
            is_gone,
        };
        let overlapped = named.iter().filter(|other| other.id > called);
        // That one may itself have gone before others.
        let before = overlapped.filter(|other| call.tells_of(other)).map(|other| other.first).min();
        named.push(Named { first: before.unwrap_or(id), ..call });
        calls.push(Call {
            ty: ty.to_owned(),
            task,
            called,
            id,
            before,
            name: by_name.and_then(|(_, changes)| Some((path?, *changes))),
            can_wait: can_wait.contains(ty) || at_entry.contains(ty),
            may_be_early: false,
            entered,
            done,
        });
    }
    let waiting: Vec<i64> = calls.iter().filter(|call| call.can_wait).map(|call| call.id).collect();
    // What gives data may come before an end of a task that it overlapped.
    let ends = all.iter().filter(|row| type_of(row) == "Task");
    let ends: Vec<i64> = ends.filter_map(|row| number(row, "last_id")).collect();
    for call in &mut calls {
        let first = waiting.partition_point(|id| *id < call.called);
        call.may_be_early = waiting.get(first).is_some_and(|id| *id < call.id)
            || call.can_wait && ends.iter().any(|end| (call.called..call.id).contains(end));
    }
    calls
}

#[test]
fn every_order_keeps_its_promises() {
    let tangle = program("tangle");
    for (seed, racing) in [("4", None), ("5", None), ("6", Some("racing"))] {
        let case = Case::new(|_| {});
        let tangle = tangle.to_string_lossy();
        let words: Vec<&str> = [&*tangle, seed].into_iter().chain(racing).collect();
        case.record_all(&words);
        let promises: [(&str, &[Promise]); 4] =
            [("strict", &STRICT), ("causal", &CAUSAL), ("resource", &RESOURCE), ("free", &FREE)];
        for (order, promises) in promises {
            case.reset();
            let replayed = case.trace().with_file_name(format!("{order}.ds"));
            let replay = case.replay(&[
                "--order",
                order,
                "--quiet",
                "--record",
                &replayed.to_string_lossy(),
            ]);
            // Promises hold whatever came of the calls.
            assert!(matches!(replay.status.code(), Some(0 | 1)), "{order}: {}", told(&replay));
            let calls = calls(&case.trace(), &replayed);
            assert!(calls.len() > 500, "{} calls", calls.len());
            let tasks: HashSet<_> = calls.iter().map(|call| call.task).collect();
            assert!(tasks.len() > 2, "{tasks:?}");
            assert!(calls.iter().filter(|call| call.name.is_some()).count() > 50);
            assert!(calls.iter().filter(|call| !call.may_be_early).count() > calls.len() / 2);
            let broken = broken(&calls, promises);
            let find = |id: i64| calls.iter().find(|call| call.id == id);
            let tell = |id| find(id).map(|call| (&call.ty, &call.name, call.entered, call.done));
            let told = broken.iter().take(9).map(|(first, second)| (tell(*first), tell(*second)));
            assert!(broken.is_empty(), "{seed} {order}: {:#?}", told.collect::<Vec<_>>());
        }
    }
}

/// The check itself finds what is wrong.
#[test]
fn a_call_that_came_too_soon_is_found() {
    let call = |task, called, id, name: &str, changes, entered, done| Call {
        ty: String::new(),
        task,
        called,
        id,
        name: Some((name.to_owned(), changes)),
        can_wait: false,
        may_be_early: false,
        before: None,
        entered,
        done,
    };
    // The second one was called after the first had returned, and entered while that was under way.
    let calls = [call(1, 1, 2, "a", true, 100, 200), call(2, 3, 4, "b", false, 150, 160)];
    assert_eq!(broken(&calls, &CAUSAL), [(2, 4)]);
    assert_eq!(broken(&calls, &RESOURCE), []);
    // They overlapped, on the same name.
    let calls = [call(1, 1, 3, "a", true, 100, 200), call(2, 2, 4, "a", false, 150, 160)];
    assert_eq!(broken(&calls, &RESOURCE), [(3, 4)]);
    assert_eq!(broken(&calls, &FREE), []);
    assert_eq!(broken(&calls, &[had_returned as Promise]), []);
    // One task's calls never overlap.
    let calls = [call(1, 1, 2, "a", false, 100, 200), call(1, 3, 4, "b", false, 199, 300)];
    assert_eq!(broken(&calls, &FREE), [(2, 4)]);
}
