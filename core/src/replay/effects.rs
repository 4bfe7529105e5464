//! What a recorded call did to its process, read from the roles that its plugin declares: that is what
//! is left to do for a call that isn't made.

use dataseries::{Row, Value};
use replay_schema::{Returns, Role, Touch};

use crate::record::{Batch, Record};
use crate::trace::RecordType;
use crate::verify;

/// What happens to the table of descriptors, by traced number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A descriptor comes, and nothing stands for it.
    Simulate(i32),
    /// A descriptor goes.
    Close(i32),
}

/// The descriptors that the call closes, whatever it returned.
pub fn closed(ty: &RecordType, batch: &Batch, record: &Record) -> Vec<i32> {
    let cells = batch.cells(record, 0);
    let closed = descriptors(ty, &cells).filter(|(_, role, _)| *role == Role::ClosedDescriptor);
    closed.map(|(traced, ..)| traced).collect()
}

/// The effects of the recorded call.
pub fn effects(ty: &RecordType, batch: &Batch, record: &Record) -> Vec<Effect> {
    let mut effects = Vec::new();
    let Some(call) = &ty.call else { return effects };
    if !record.succeeded() {
        return effects;
    }
    for (number, role, _) in descriptors(ty, &batch.cells(record, 0)) {
        match role {
            Role::NewDescriptor => effects.push(Effect::Simulate(number)),
            Role::ClosedDescriptor => effects.push(Effect::Close(number)),
            _ => {}
        }
    }
    if verify::returns(ty, call, batch, record) == Returns::Descriptor
        && let Ok(number) = i32::try_from(record.return_value)
    {
        effects.push(Effect::Simulate(number));
    }
    effects
}

/// The paths of a call, without their NULs.
fn paths<'a>(ty: &'a RecordType, cells: &'a Row<'a>) -> impl Iterator<Item = &'a [u8]> {
    touched(ty, cells).map(|(path, _)| path)
}

/// The paths of a call, without their NULs, and what it does to each.
fn touched<'a>(ty: &'a RecordType, cells: &'a Row<'a>) -> impl Iterator<Item = (&'a [u8], Touch)> {
    ty.paths.iter().filter_map(|(column, touch)| match cells.get(column) {
        Value::Bytes(path) => Some((path.strip_suffix(b"\0").unwrap_or(path), *touch)),
        _ => None,
    })
}

/// The paths of a call, without their NULs, and what it does to each.
pub fn paths_touched(ty: &RecordType, batch: &Batch, record: &Record) -> Vec<(Vec<u8>, Touch)> {
    let cells = batch.cells(record, 0);
    touched(ty, &cells).map(|(path, touch)| (path.to_vec(), touch)).collect()
}

/// The descriptors of a call, and what it does to each.
pub fn descriptors<'a>(
    ty: &'a RecordType,
    cells: &'a Row<'a>,
) -> impl Iterator<Item = (i32, Role, Touch)> + 'a {
    ty.descriptors.iter().filter_map(|(column, role, touch)| match cells.get(column) {
        Value::Int32(number) => Some((number, *role, *touch)),
        _ => None,
    })
}

/// The traced descriptors that the call is on.
pub fn used(ty: &RecordType, batch: &Batch, record: &Record) -> Vec<i32> {
    let cells = batch.cells(record, 0);
    let used = descriptors(ty, &cells).filter(|(_, role, _)| *role == Role::Descriptor);
    used.map(|(traced, ..)| traced).collect()
}

/// Whether `is_such` says so of one of the call's paths.
pub fn has_path(
    ty: &RecordType,
    batch: &Batch,
    record: &Record,
    is_such: impl Fn(&[u8]) -> bool,
) -> bool {
    ty.has_paths && paths(ty, &batch.cells(record, 0)).any(is_such)
}

/// The call's first path, without its NUL, unless it is empty.
pub fn path(ty: &RecordType, batch: &Batch, record: &Record) -> Option<Vec<u8>> {
    let cells = batch.cells(record, 0);
    paths(ty, &cells).next().filter(|path| !path.is_empty()).map(<[u8]>::to_vec)
}

/// A path of the call that starts at the root.
pub fn absolute_path(ty: &RecordType, batch: &Batch, record: &Record) -> Option<Vec<u8>> {
    let cells = batch.cells(record, 0);
    paths(ty, &cells).find(|path| path.starts_with(b"/")).map(<[u8]>::to_vec)
}
