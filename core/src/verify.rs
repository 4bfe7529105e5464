//! Recorded and replayed outcome side by side.
//!
//! Returned descriptors, ids and addresses are compared by success and failure: their numbers are the
//! replay's own. Data is compared by the very sources that a recorder takes a column from, applied to
//! what the kernel returned this time.

use abi::Outcome;
use dataseries::Value as Cell;
use nix::errno::Errno;
use replay_schema::{Call, Column, Observed, Returns, Role, RowRule, Value};

use crate::digest::Digest;
use crate::record::{Batch, Record};
use crate::show;
use crate::trace::RecordType;

/// Recorded and replayed disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The column.
    pub column: String,
    /// As recorded.
    pub expected: String,
    /// As replayed.
    pub got: String,
}

/// Bytes shown of data that differs, from the first difference on.
const SHOWN: usize = 24;

/// The difference between what was and what is returned, if there is one.
pub fn outcome(returns: Returns, record: &Record, replayed: Outcome) -> Option<Divergence> {
    let differs = |column: &str| Divergence {
        column: column.to_owned(),
        expected: returned(record.return_value, record.errno_number),
        got: returned(replayed.return_value, replayed.errno_number),
    };
    match (record.errno_number, replayed.errno_number) {
        (0, 0) => {
            let exact = returns == Returns::Number;
            (exact && record.return_value != replayed.return_value).then(|| differs("return_value"))
        }
        (recorded, replayed) if recorded == replayed => None,
        (0, _) | (_, 0) => Some(differs("return_value")),
        _ => Some(differs("errno_number")),
    }
}

/// A return value or error, for people.
pub fn returned(value: i64, errno: i32) -> String {
    match errno {
        0 => value.to_string(),
        _ => {
            let errno = Errno::from_raw(errno);
            format!("{errno:?} ({})", errno.desc())
        }
    }
}

/// What was compared of the data.
#[derive(Debug, Default)]
pub struct Compared {
    /// Values that differ.
    pub divergences: Vec<Divergence>,
    /// Values that the trace lacks, so that there was nothing to compare with.
    pub without_value: u64,
    /// Owners that differ, where others own what the replay makes.
    pub other_owners: u64,
}

/// Who owns files in the replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owners {
    /// Those who owned them.
    Same,
    /// Others.
    Others,
    /// This user and this group; no others exist in the replay's user namespace.
    Only(u32, u32),
}

/// Whom the kernel shows in place of users that don't exist in a user namespace (user_namespaces(7)).
const NOBODY: u32 = 65534;

impl Owners {
    /// Whether an owner may be another than the `recorded` one.
    fn may_differ(self, recorded: Cell<'_>, replayed: Value<'_>) -> bool {
        let Self::Only(user, group) = self else { return self == Self::Others };
        let is_own = |id: u32| matches!(recorded, Cell::Int32(own) if own as u32 == id);
        let is_nobody = matches!(replayed, Value::Number(id) if id as u32 == NOBODY);
        is_nobody && !is_own(user) && !is_own(group)
    }
}

/// Compares the data that the kernel returned, `memory` by the fetches of the call.
pub fn data(
    ty: &RecordType,
    batch: &Batch,
    record: &Record,
    replayed: Outcome,
    memory: &[Option<&[u8]>],
    owners: Owners,
) -> Compared {
    let mut compared = Compared::default();
    let Some(call) = &ty.call else { return compared };
    let observed = Observed {
        arguments: arguments(ty, batch, record),
        returned: Some((replayed.return_value, replayed.errno_number)),
        memory,
        element: None,
    };
    let mut compare = |row: usize, observed: &Observed<'_>| {
        let cells = batch.cells(record, row);
        for (at, (declared, column)) in call.columns.iter().zip(&ty.columns).enumerate() {
            let (Some(condition), Some(column)) = (&declared.compared, column) else { continue };
            if !condition.holds(observed) {
                continue;
            }
            let replayed = observed.value(declared);
            if ty.digested == Some(at)
                && let Some(digest) = batch.digest(record, row)
                && matches!(replayed, Value::Bytes(got) if Digest::of(got) == Some(digest))
            {
                continue;
            }
            let cell = match (cells.get(column), replayed) {
                // The original recorder took down whole buffers, whatever the kernel filled in of them (trace
                // schema, §6); how much that is follows from the return value, which is the same.
                (Cell::Bytes(whole), Value::Bytes(filled)) if observed.element.is_some() => {
                    Cell::Bytes(&whole[..whole.len().min(filled.len())])
                }
                (cell, _) => cell,
            };
            if record.incomplete && is_beginning(cell, replayed) {
                compared.without_value += 1;
                continue;
            }
            let before = compared.divergences.len();
            compare_value(declared, cell, replayed, row, &mut compared);
            let differs = compared.divergences.len() > before;
            if differs && declared.role == Role::Owner && owners.may_differ(cell, replayed) {
                compared.divergences.truncate(before);
                compared.other_owners += 1;
            }
        }
    };
    compare(0, &observed);
    if let RowRule::HeadFirst { fetch, .. } = call.rows
        && let Some(Some(items)) = memory.get(fetch)
    {
        let rows = batch.rows(record).len();
        for (row, element) in (1..rows).zip(call.elements(fetch, items)) {
            compare(row, &Observed { element: Some(element), ..observed });
        }
    }
    compared
}

/// Whether the trace has the beginning of a value, and it is that of the replayed one.
fn is_beginning(recorded: Cell<'_>, replayed: Value<'_>) -> bool {
    match (recorded, replayed) {
        (Cell::Bytes(beginning), Value::Bytes(whole)) => {
            beginning.len() < whole.len() && whole.starts_with(beginning)
        }
        _ => false,
    }
}

fn compare_value(
    declared: &Column,
    recorded: Cell<'_>,
    replayed: Value<'_>,
    row: usize,
    compared: &mut Compared,
) {
    let mut differ = |expected: String, got: String| {
        let column = match row {
            0 => declared.name.clone(),
            _ => format!("{} of row {}", declared.name, row - 1),
        };
        compared.divergences.push(Divergence { column, expected, got });
    };
    match (recorded, replayed) {
        (_, Value::Null) => {}
        (Cell::Null, _) => compared.without_value += 1,
        (Cell::Bytes(expected), Value::Bytes(got)) if expected != got => {
            let (expected, got) = differing(expected, got);
            differ(expected, got);
        }
        (recorded, Value::Number(got)) => {
            let (expected, got) = match recorded {
                Cell::Bool(expected) => (i64::from(expected), i64::from(got != 0)),
                Cell::Byte(expected) => (expected.into(), (got as u8).into()),
                Cell::Int32(expected) => (expected.into(), (got as i32).into()),
                Cell::Int64(expected) => (expected, got),
                _ => return,
            };
            if expected != got {
                let show = |number| show::number(declared, number);
                differ(show(expected), show(got));
            }
        }
        _ => {}
    }
}

/// Both from their first difference on.
fn differing(expected: &[u8], got: &[u8]) -> (String, String) {
    let at = expected.iter().zip(got).take_while(|(a, b)| a == b).count();
    let show = |bytes: &[u8]| {
        let rest = &bytes[at..];
        let text = rest[..rest.len().min(SHOWN)].escape_ascii().to_string();
        let more = if rest.len() > SHOWN { "…" } else { "" };
        format!("\"{text}{more}\" at byte {at} of {}", bytes.len())
    };
    (show(expected), show(got))
}

/// What the return value of the recorded call is.
pub fn returns(ty: &RecordType, call: &Call, batch: &Batch, record: &Record) -> Returns {
    ty.returns.unwrap_or_else(|| call.returns(arguments(ty, batch, record)))
}

/// Whether the recorded call only looks: it changes no file and no name.
pub fn looks(ty: &RecordType, call: &Call, batch: &Batch, record: &Record) -> bool {
    if ty.always_looks {
        return true;
    }
    let arguments = arguments(ty, batch, record);
    call.looks.holds(&Observed { arguments, returned: None, memory: &[], element: None })
}

/// The recorded arguments, as far as columns hold them.
pub fn arguments(ty: &RecordType, batch: &Batch, record: &Record) -> [u64; 6] {
    let mut arguments = [0; 6];
    let cells = batch.cells(record, 0);
    for (number, column) in &ty.arguments {
        arguments[*number] = match cells.get(column) {
            Cell::Byte(value) => value.into(),
            Cell::Int32(value) => value as u64,
            Cell::Int64(value) => value as u64,
            _ => continue,
        };
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(return_value: i64, errno_number: i32) -> Record {
        Record { return_value, errno_number, returned: true, ..Record::end_of(0, 1) }
    }

    fn replayed(return_value: i64, errno_number: i32) -> Outcome {
        Outcome { return_value, errno_number, reserved: 0 }
    }

    #[test]
    fn a_number_must_be_equal_and_a_descriptor_must_be_there() {
        let (four, five) = (recorded(4, 0), replayed(5, 0));
        assert_eq!(
            outcome(Returns::Number, &four, five),
            Some(Divergence {
                column: "return_value".to_owned(),
                expected: "4".to_owned(),
                got: "5".to_owned()
            })
        );
        for kind in [Returns::Descriptor, Returns::Child, Returns::Address, Returns::Status] {
            assert_eq!(outcome(kind, &four, five), None);
            assert!(outcome(kind, &four, replayed(-1, libc::ENOENT)).is_some());
        }
    }

    #[test]
    fn a_failure_must_fail_with_the_same_error() {
        let failed = recorded(-1, libc::ENOENT);
        assert_eq!(outcome(Returns::Number, &failed, replayed(-1, libc::ENOENT)), None);
        let other = outcome(Returns::Number, &failed, replayed(-1, libc::EACCES));
        let other = other.expect("another errno is a divergence");
        assert_eq!(other.column, "errno_number");
        assert_eq!(other.expected, "ENOENT (No such file or directory)");
        assert!(outcome(Returns::Descriptor, &failed, replayed(3, 0)).is_some());
    }

    #[test]
    fn owners_that_do_not_exist_in_the_namespace_are_shown_as_nobody() {
        let only = Owners::Only(100, 101);
        let may_differ = |recorded, got| only.may_differ(Cell::Int32(recorded), Value::Number(got));
        assert!(may_differ(0, NOBODY.into()));
        assert!(!may_differ(0, 100), "a file of root's that is our own");
        assert!(!may_differ(100, NOBODY.into()), "a file of our own that isn't");
        assert!(!may_differ(101, NOBODY.into()), "a file of our group that isn't");
        assert!(!Owners::Same.may_differ(Cell::Int32(0), Value::Number(NOBODY.into())));
        assert!(Owners::Others.may_differ(Cell::Int32(0), Value::Number(100)));
    }

    #[test]
    fn data_is_shown_from_its_first_difference_on() {
        let (expected, got) = differing(b"same A", b"same B and more than fits into a line");
        assert_eq!(expected, "\"A\" at byte 5 of 6");
        assert_eq!(got, "\"B and more than fits int…\" at byte 5 of 37");
    }
}
