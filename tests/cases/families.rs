//! Every call of a family, with success and failure: recorded, replayed with every check, the same tree.

use std::collections::BTreeSet;

use replay_tests::case::told;
use replay_tests::families::recorded::Recorded;
use replay_tests::families::{ALL, Family};

/// Records the family, holds the trace to what it should have, and replays it.
#[track_caller]
fn check(name: &str) {
    let family = Family::named(name).expect("it is one of the families");
    let recorded = Recorded::new(family);
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
    let replay = recorded.case.replay(&["--verify", "--warn"]);
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

families!(files names metadata descriptors sockets processes task signals memory ipc machine);
