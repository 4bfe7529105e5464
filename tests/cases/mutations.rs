//! What must diverge does: in a family's trace, one value of each record type is changed after the other, and
//! each time the replay has to name the record and the column.

use std::collections::{BTreeMap, BTreeSet};

use dataseries::Value;
use replay_core::registry::{PluginOptions, Registry};
use replay_schema::{Call, Condition, Kind, Returns, Role, common};
use replay_tests::case::told;
use replay_tests::families::recorded::Recorded;
use replay_tests::families::{ALL, Family};
use replay_tests::trace::{At, Cell, Changes, other};

/// A column that has to diverge if it is changed.
type Target = (String, String);

/// One change of a record, and the columns that may tell of it.
#[derive(Debug)]
struct Mutation {
    at: At,
    change: Vec<(String, Cell)>,
    told_by: Vec<&'static str>,
    /// Whether the replay goes another way from there on.
    derails: bool,
}

/// The outcome of a call that succeeded, and of one that failed, as columns of their own.
const SUCCESS: &str = "success";
const FAILURE: &str = "failure";

/// The path of a call that only looks.
const PATH: &str = "path";

/// Columns that are compared and whose change nothing can show, or not on every machine, with the reason.
const NOT_SHOWN: &[(&str, &str, &str)] = &[
    ("exit", SUCCESS, "it doesn't return"),
    ("clone", SUCCESS, "no process is made: a child is a task of the replay"),
    ("clone", FAILURE, "likewise"),
    ("clone3", SUCCESS, "likewise"),
    ("clone3", FAILURE, "likewise"),
    ("fork", SUCCESS, "likewise"),
    ("vfork", SUCCESS, "likewise"),
    ("pidfd_open", SUCCESS, "no process is opened: the descriptor is for a task of the replay"),
    ("pidfd_open", FAILURE, "the replay has no processes to look for"),
    ("execve", FAILURE, "a program that couldn't be run is not run"),
    ("execveat", FAILURE, "likewise"),
    ("execve", PATH, "no program is run"),
    ("execveat", PATH, "no program is run"),
    ("setuid", FAILURE, "who failed to be another stays who it is: there is nothing to take on"),
    ("setgid", FAILURE, "likewise"),
    ("setreuid", FAILURE, "likewise"),
    ("setregid", FAILURE, "likewise"),
    ("setresuid", FAILURE, "likewise"),
    ("setresgid", FAILURE, "likewise"),
    ("setgroups", FAILURE, "likewise"),
    ("setfsuid", SUCCESS, "it succeeds whatever comes of it"),
    ("setfsgid", SUCCESS, "likewise"),
    ("unshare", SUCCESS, "what a task has for itself is the replay's own affair"),
    ("unshare", FAILURE, "likewise"),
    (
        "io_getevents",
        SUCCESS,
        "what each request came to is compared, not how many were taken at once",
    ),
    ("io_getevents", FAILURE, "how long others wait is a matter of the moment"),
    ("io_pgetevents", SUCCESS, "as of io_getevents"),
    ("io_pgetevents", FAILURE, "as of io_getevents"),
    (
        "io_submit",
        SUCCESS,
        "its requests are submitted one by one; what came of each is compared when it is taken",
    ),
    ("io_submit", FAILURE, "the trace doesn't have what was wrong with its requests"),
    ("io_destroy", FAILURE, "it has a context that the trace never introduced"),
    ("lstat", FAILURE, "its path couldn't be read; with another error the trace lacks it"),
    ("accept", "sockaddr_buffer", "a replay doesn't ask who connects"),
    ("accept4", "sockaddr_buffer", "likewise"),
    ("socket", FAILURE, "sockets of other families than the local one aren't made"),
    ("sendmmsg", SUCCESS, "its messages are sent one by one, and each whole"),
    ("recvmmsg", FAILURE, "what is waited for in vain is let go"),
    ("close_range", FAILURE, "a call that closed nothing is not made"),
    ("vmsplice", SUCCESS, "a replay moves as much as was moved, and none of what failed"),
    ("vmsplice", FAILURE, "what was wrong with its memory isn't in the trace"),
];

/// Errors that most calls don't meet; which of them is passed on goes by the call.
const OTHER_ERRORS: [i32; 4] = [libc::EIO, libc::EINVAL, libc::ESPIPE, libc::EPIPE];

/// Descriptors that may be open where a call was made on one that isn't.
const OPEN: [i64; 3] = [3, 4, 5];

/// Tries at one column that are made in replays of their own.
const TRIES: usize = 6;

/// The changes that may show `target`, the likeliest first.
fn mutations(recorded: &Recorded, call: &Call, column: &str) -> Vec<Mutation> {
    let (trace, name) = (&recorded.trace, call.extent.as_str());
    let rows = recorded.rows_of(name);
    let outcome = |at: At, value: i64, errno: i32, derails| Mutation {
        at,
        change: vec![
            (common::RETURN_VALUE.to_owned(), Cell::Number(value)),
            (common::ERRNO_NUMBER.to_owned(), Cell::Number(errno.into())),
        ],
        told_by: vec![common::RETURN_VALUE, common::ERRNO_NUMBER],
        derails,
    };
    let outcomes = rows.iter().filter_map(|at| Some((*at, trace.outcome(*at)?)));
    match column {
        FAILURE => {
            let failed: Vec<_> = outcomes.filter(|(_, (_, errno))| *errno != 0).collect();
            let mut mutations = Vec::new();
            for (at, (_, errno)) in &failed {
                let others = OTHER_ERRORS.into_iter().filter(|other| other != errno);
                mutations.extend(others.map(|other| outcome(*at, -1, other, false)));
            }
            // A descriptor that nothing stands for isn't passed on; one that is open fails otherwise.
            let mut bad = failed.iter().filter(|(_, (_, errno))| *errno == libc::EBADF);
            let roles = [Role::Descriptor, Role::ClosedDescriptor];
            let descriptor = call.columns.iter().find(|column| roles.contains(&column.role));
            if let (Some((at, _)), Some(column)) = (bad.next_back(), descriptor) {
                mutations.extend(OPEN.into_iter().map(|number| Mutation {
                    at: *at,
                    change: vec![(column.name.clone(), Cell::Number(number))],
                    told_by: vec![common::RETURN_VALUE, common::ERRNO_NUMBER],
                    derails: true,
                }));
            }
            mutations
        }
        SUCCESS => {
            let succeeded: Vec<_> = outcomes.filter(|(_, (_, errno))| *errno == 0).collect();
            // Where nothing waits for as much as was returned, and nothing goes by it.
            let is_number = call.returns == Returns::Number && !call.blocks;
            let numbers = succeeded.iter().filter(|_| is_number);
            let numbers = numbers.map(|(at, (value, _))| outcome(*at, value + 1, 0, false));
            let failures = succeeded.iter().map(|(at, _)| outcome(*at, -1, OTHER_ERRORS[0], true));
            numbers.chain(failures).collect()
        }
        PATH => {
            let path = call.columns.iter().find(|column| column.role == Role::Path);
            let path = &path.expect("it has one").name;
            let looked = outcomes.filter(|(_, (_, errno))| *errno == 0).filter_map(|(at, _)| {
                let change = vec![(path.clone(), Cell::Bytes(b"\x01 no such file\0".to_vec()))];
                let is_path =
                    matches!(trace.value(at, path), Value::Bytes([first, ..]) if *first != 0);
                is_path.then_some(Mutation {
                    at,
                    change,
                    told_by: vec![common::RETURN_VALUE],
                    derails: true,
                })
            });
            looked.collect()
        }
        column => {
            let ids: BTreeSet<i64> = outcomes
                .filter(|(_, (_, errno))| *errno == 0)
                .map(|(at, _)| trace.unique_id(at))
                .collect();
            let all = trace.rows_of(name).into_iter();
            let all = all.filter(|at| ids.contains(&trace.unique_id(*at)));
            let changed = all.filter_map(|at| {
                let change = vec![(column.to_owned(), other(trace.value(at, column))?)];
                Some(Mutation { at, change, told_by: Vec::new(), derails: false })
            });
            changed.collect()
        }
    }
}

/// Whether `told` has a line for the record of `mutation` that names the column.
fn shows(told: &str, recorded: &Recorded, column: &str, mutation: &Mutation) -> bool {
    let record = format!("record {}: ", recorded.trace.unique_id(mutation.at));
    let names: Vec<&str> = match mutation.told_by.as_slice() {
        [] => vec![column],
        names => names.to_vec(),
    };
    told.lines().filter(|line| line.contains(&record)).any(|line| {
        names.iter().any(|name| {
            line.contains(&format!(": {name}: expected "))
                || line.contains(&format!(": {name} of row "))
        })
    })
}

/// Replays the family's trace with changes.
fn replay(recorded: &Recorded, mutations: &[&Mutation]) -> String {
    let mut changes = Changes::new();
    for mutation in mutations {
        changes.insert(mutation.at, mutation.change.clone());
    }
    recorded.trace.write(&recorded.case.trace(), &changes);
    recorded.case.reset();
    let replay = recorded.case.replay(&["--verify", "--warn", "--quiet", "--call-timeout", "0.5"]);
    told(&replay)
}

/// The columns of the family's record types that must diverge when they are changed.
fn targets(family: &Family, recorded: &Recorded) -> BTreeSet<Target> {
    let mut targets = BTreeSet::new();
    for (syscall, succeeds, fails) in family.calls() {
        let name = recorded.of_call.get(syscall).cloned().unwrap_or_default();
        let made = recorded.types.get(&name).filter(|call| !call.is_simulated());
        let Some(call) = made.filter(|_| !recorded.is_unknown_here(&name)) else { continue };
        if fails {
            targets.insert((name.clone(), FAILURE.to_owned()));
        }
        if !succeeds {
            continue;
        }
        let compared = call.columns.iter().filter(|column| column.compared.is_some());
        let mut columns: Vec<&str> = compared.map(|column| column.name.as_str()).collect();
        columns.push(SUCCESS);
        let has_path = call.columns.iter().any(|column| column.role == Role::Path);
        if call.looks == Condition::ALWAYS && has_path {
            columns.push(PATH);
        }
        targets.extend(columns.into_iter().map(|column| (name.clone(), column.to_owned())));
    }
    targets
}

/// The columns of the family that no change showed, of those that must.
fn not_shown(family: &Family) -> BTreeSet<Target> {
    let recorded = Recorded::new(family);
    let all = targets(family, &recorded);
    let mut left: BTreeMap<Target, Vec<Mutation>> = BTreeMap::new();
    for (name, column) in &all {
        let mut mutations = mutations(&recorded, &recorded.types[name], column);
        mutations.reverse();
        left.insert((name.clone(), column.clone()), mutations);
    }
    // Those that disturb nothing are made together, one of each record.
    loop {
        let mut taken = BTreeSet::new();
        let mut round = Vec::new();
        for (target, mutations) in &mut left {
            let is_next = |mutation: &Mutation| !mutation.derails && !taken.contains(&mutation.at);
            if mutations.last().is_some_and(is_next) {
                let mutation = mutations.pop().expect("there is one");
                taken.insert(mutation.at);
                round.push((target.clone(), mutation));
            }
        }
        if round.is_empty() {
            break;
        }
        let told =
            replay(&recorded, &round.iter().map(|(_, mutation)| mutation).collect::<Vec<_>>());
        for (target, mutation) in &round {
            if shows(&told, &recorded, &target.1, mutation) {
                left.remove(target);
            }
        }
    }
    // The others each in a replay of its own.
    left.retain(|(_, column), mutations| {
        let tries = mutations.iter().rev().take(TRIES);
        !tries
            .into_iter()
            .any(|mutation| shows(&replay(&recorded, &[mutation]), &recorded, column, mutation))
    });
    left.into_keys().collect()
}

macro_rules! families {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            let family = Family::named(stringify!($name)).expect("it is one of the families");
            let left = not_shown(family);
            let listed = |(call, column): &Target| {
                NOT_SHOWN.iter().any(|(of, name, _)| of == call && name == column)
            };
            let left: Vec<_> = left.iter().filter(|target| !listed(target)).collect();
            assert!(left.is_empty(), "changed, and nothing told of it: {left:?}");
        })*
    };
}

families!(files names metadata descriptors sockets processes task credentials signals memory ipc machine);

fn registry() -> Registry {
    let plugins = vec![replay_tests::built::plugins()];
    Registry::open(&PluginOptions { plugins, ..Default::default() }).expect("the plugins are taken")
}

/// Data that the kernel fills in and that isn't compared column by column, with the reason.
const DATA_NOT_COMPARED: &[(&str, &str, &str)] = &[
    ("getcwd", "working_directory", "a replay may be elsewhere"),
    ("getdents", "dirent_buffer", "the plugin compares names, whatever their order"),
    ("getdents64", "dirent_buffer", "likewise"),
    ("getrandom", "data_read", "it is random"),
    ("getxattrat", "value_read", "the plugin compares it: where it lies is said by a structure"),
    ("io_getevents", "data_read", "the plugin compares what each request read"),
    ("io_pgetevents", "data_read", "likewise"),
    ("ioctl", "ioctl_buffer", "what it is goes by the device"),
    ("recvmmsg", "data_read", "the plugin compares message by message"),
    ("recvmsg", "control_buffer", "descriptors in it have numbers of their own"),
    ("sendmmsg", "data_written", "the program wrote it; how much was sent is the kernel's answer"),
];

#[test]
fn all_data_that_the_kernel_fills_in_is_compared() {
    let registry = registry();
    let calls = registry.syscalls().expect("the plugins are loaded");
    let made = calls.iter().filter(|(_, call)| !call.is_simulated());
    let not_compared = made.flat_map(|(_, call)| {
        let data = call.columns.iter().filter(|column| {
            column.kind == Kind::Variable32 && call.is_result(column) && column.compared.is_none()
        });
        data.map(|column| (call.extent.as_str(), column.name.as_str()))
    });
    let listed = DATA_NOT_COMPARED.iter().map(|(call, column, _)| (*call, *column));
    let (not_compared, listed): (BTreeSet<_>, BTreeSet<_>) =
        (not_compared.collect(), listed.collect());
    assert_eq!(not_compared, listed);
}

#[test]
fn every_call_that_is_made_is_changed_in_some_family() {
    let in_families: BTreeSet<&str> =
        ALL.iter().flat_map(Family::calls).map(|(call, ..)| call).collect();
    let registry = registry();
    let calls = registry.syscalls().expect("the plugins are loaded");
    let made = calls.iter().filter(|(_, call)| !call.is_simulated()).map(|(name, _)| *name);
    let missing: Vec<_> = made.filter(|name| !in_families.contains(name)).collect();
    assert_eq!(missing, Vec::<&str>::new(), "made by no family");
}
