//! `docs/coverage.md`: which flags, values and errors of each call the families exercise, as their traces say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use nix::errno::Errno;
use replay_core::registry::{Registry, RegistryError};
use replay_schema::{Bit, Call, Column, Display, Observed};

use crate::families::ALL;
use crate::families::recorded::Recorded;
use crate::trace::At;

const HEAD: &str = "\
# What the tests exercise of each call

Made by `cargo xtask docs` from traces of the families: programs that make every call of a family, succeeding and
failing, with flags and edge values (`tests/src/families/`). Each is recorded and replayed with every check by
`tests/cases/families.rs`, and `tests/cases/mutations.rs` changes its values one by one and expects a divergence.

Errors are those that the calls failed with. Flags and values are those that the trace names; a call whose plugin
names none has none here. What isn't exercised is listed too.

";

/// What was seen of a record type.
#[derive(Default)]
struct Seen {
    families: BTreeSet<&'static str>,
    successes: bool,
    errors: BTreeSet<i32>,
    names: BTreeSet<String>,
}

/// The page.
pub fn page(_: &Registry) -> Result<String, RegistryError> {
    let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
    let mut types = BTreeMap::new();
    for family in ALL {
        let recorded = Recorded::new(family);
        let calls = family.calls().filter_map(|(call, ..)| recorded.of_call.get(call));
        for name in calls.collect::<BTreeSet<_>>() {
            let seen = seen.entry(name.clone()).or_default();
            seen.families.insert(family.name);
            for at in recorded.rows_of(name) {
                match recorded.trace.outcome(at) {
                    Some((_, errno @ 1..)) => drop(seen.errors.insert(errno)),
                    _ => seen.successes = true,
                }
            }
            for at in recorded.all_rows_of(name) {
                look(&recorded, &recorded.types[name], at, seen);
            }
        }
        types = recorded.types;
    }
    let mut page = HEAD.to_owned();
    page += "| record type | family | successes | errors | flags and values | not exercised |\n";
    page += "|---|---|---|---|---|---|\n";
    for (name, seen) in &seen {
        let all = types[name].columns.iter().flat_map(|column| &column.bits);
        let all: BTreeSet<&str> =
            all.map(|bit| bit.name.as_str()).filter(|name| !name.is_empty()).collect();
        let (names, others): (Vec<&str>, Vec<&str>) =
            all.into_iter().partition(|name| seen.names.contains(*name));
        let errors = seen.errors.iter().map(|errno| format!("{:?}", Errno::from_raw(*errno)));
        let families: Vec<_> = seen.families.iter().copied().collect();
        let _ = writeln!(
            page,
            "| {name} | {} | {} | {} | {} | {} |",
            families.join(", "),
            if seen.successes { "yes" } else { "" },
            errors.collect::<Vec<_>>().join(" "),
            names.join(" "),
            others.join(" "),
        );
    }
    Ok(page)
}

/// Adds the names that a row shows.
fn look(recorded: &Recorded, call: &Call, at: At, seen: &mut Seen) {
    let mut arguments = [0; 6];
    let values = |column: &Column| recorded.trace.number(at, &column.name);
    for column in &call.columns {
        let argument = column.sources.iter().find_map(replay_schema::Source::argument);
        if let (Some(argument), Some(value)) = (argument, values(column)) {
            arguments[argument] = value as u64;
        }
    }
    let observed =
        Observed { arguments, returned: recorded.trace.outcome(at), memory: &[], element: None };
    for column in &call.columns {
        let Some(value) = values(column) else { continue };
        let shown = column.bits.iter().filter(|bit| {
            !bit.name.is_empty() && bit.when.holds(&observed) && is_shown(column, bit, value as u64)
        });
        seen.names.extend(shown.map(|bit| bit.name.clone()));
    }
}

fn is_shown(column: &Column, bit: &Bit, value: u64) -> bool {
    match column.display {
        Display::Names => value as u32 == bit.value as u32,
        _ => bit.mask != 0 && value & bit.mask == bit.value,
    }
}
