//! Every call of a family, with success and failure: recorded, replayed with every check, the same tree.

use std::collections::BTreeSet;
use std::process::Command;

use replay_tests::case::told;
use replay_tests::families::recorded::Recorded;
use replay_tests::families::{ALL, Family};
use replay_tests::users::{NOBODY, as_nobody, give, is_root};

/// Records the family, and looks at that.
#[track_caller]
fn check(name: &str) {
    let family = Family::named(name).expect("it is one of the families");
    hold(family, Recorded::new(family), |replayer| replayer);
}

/// Holds a recording of `family` to what it should have, and replays it, as `change` makes the replayer.
#[track_caller]
fn hold(family: &Family, recorded: Recorded, change: impl FnOnce(Command) -> Command) {
    let name = family.name;
    // What leads nowhere can't be read, and rings are refused.
    let is_expected = |line: &&str| {
        line.contains("buffers could not be read") || line.contains("io_uring_setup were refused")
    };
    let unexpected = recorded.told.lines().filter(|line| !is_expected(line));
    assert_eq!(unexpected.collect::<Vec<_>>(), Vec::<&str>::new(), "{name}: not all was recorded");
    let mut missing = Vec::new();
    for (call, succeeds, fails) in family.calls() {
        let Some(record_type) = recorded.of_call.get(call) else {
            missing.push(format!("{call} has no plugin"));
            continue;
        };
        let rows = recorded.rows_of(record_type);
        let outcomes: Vec<_> = rows.iter().map(|at| recorded.trace.outcome(*at)).collect();
        if recorded.is_unknown_here(record_type) {
            continue;
        }
        let succeeded = outcomes.iter().any(|outcome| outcome.is_none_or(|(_, errno)| errno == 0));
        let failed = outcomes.iter().any(|outcome| outcome.is_some_and(|(_, errno)| errno != 0));
        if succeeds && !succeeded {
            missing.push(format!("{call} has no record of a success"));
        }
        if fails && !failed {
            missing.push(format!("{call} has no record of a failure"));
        }
    }
    assert_eq!(missing, Vec::<String>::new(), "{name}");

    let tree = recorded.case.tree();
    recorded.case.reset();
    let replayer = recorded.case.replayer(&["--verify", "--warn"]);
    let replay = change(replayer).output().expect("the replayer runs");
    assert_eq!(replay.status.code(), Some(0), "{name}: {}", told(&replay));
    assert_eq!(tree.differences(&recorded.case.tree()), Vec::<String>::new(), "{name}");
}

macro_rules! families {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*

        #[test]
        fn every_family_is_checked() {
            let checked = BTreeSet::from([$(stringify!($name)),*]);
            assert_eq!(checked, ALL.iter().map(|family| family.name).collect());
        }
    };
}

families!(files names metadata descriptors sockets processes task credentials signals memory ipc machine);

/// Their own users and groups are all that they can take on, and root's only they can't.
#[test]
fn credentials_of_an_ordinary_user() {
    if !is_root() {
        return;
    }
    let family = Family::named("credentials").expect("it is one of the families");
    let by_nobody = |recorder: Command| {
        let folder = recorder.get_current_dir().expect("it has one").to_owned();
        give(folder.parent().expect("it is in the scratch folder"), NOBODY);
        as_nobody(&recorder)
    };
    hold(family, Recorded::by(family, by_nobody), |replayer| as_nobody(&replayer));
}
