//! What a recorded call did to its process, read from the roles that its plugin declares: that is what
//! is left to do for a call that isn't made.

use dataseries::{Row, Value};
use replay_schema::{Returns, Role};

use crate::record::{Batch, Record};
use crate::replay::descriptors::{Descriptors, Stands};
use crate::trace::RecordType;

/// What happens to the table of descriptors, by traced number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// A descriptor comes, and nothing stands for it.
    Simulate(i32),
    /// A descriptor goes.
    Close(i32),
}

/// The effects of the recorded call.
pub fn effects(ty: &RecordType, batch: &Batch, record: &Record) -> Vec<Effect> {
    let mut effects = Vec::new();
    let Some(call) = &ty.call else { return effects };
    if !record.succeeded() {
        return effects;
    }
    for (number, role) in descriptors(ty, &batch.cells(record, 0)) {
        match role {
            Role::NewDescriptor => effects.push(Effect::Simulate(number)),
            Role::ClosedDescriptor => effects.push(Effect::Close(number)),
            _ => {}
        }
    }
    if call.returns == Returns::Descriptor
        && let Ok(number) = i32::try_from(record.return_value)
    {
        effects.push(Effect::Simulate(number));
    }
    effects
}

/// The standard stream that stands for a descriptor of the call.
pub fn standard_stream(
    ty: &RecordType,
    batch: &Batch,
    record: &Record,
    table: &Descriptors,
) -> Option<i32> {
    let cells = batch.cells(record, 0);
    descriptors(ty, &cells).find_map(|(number, role)| match (role, table.get(number)) {
        (Role::Descriptor, Some(Stands::Standard(stream))) => Some(stream),
        _ => None,
    })
}

/// The columns that hold descriptors.
fn descriptors<'a>(ty: &'a RecordType, cells: &'a Row<'a>) -> impl Iterator<Item = (i32, Role)> + 'a {
    let declared = ty.call.iter().flat_map(|call| &call.columns);
    declared.zip(&ty.columns).filter_map(|(declared, column)| {
        let is_descriptor =
            matches!(declared.role, Role::Descriptor | Role::NewDescriptor | Role::ClosedDescriptor);
        match cells.get(column.as_ref().filter(|_| is_descriptor)?) {
            Value::Int32(number) => Some((number, declared.role)),
            _ => None,
        }
    })
}

/// A path of the call that starts at the root.
pub fn absolute_path<'b>(ty: &RecordType, batch: &'b Batch, record: &Record) -> Option<&'b [u8]> {
    let call = ty.call.as_ref()?;
    let cells = batch.cells(record, 0);
    call.columns.iter().zip(&ty.columns).find_map(|(declared, column)| {
        let column = column.as_ref().filter(|_| declared.role == Role::Path)?;
        match cells.get(column) {
            Value::Bytes(path) if path.starts_with(b"/") => Some(path.strip_suffix(b"\0").unwrap_or(path)),
            _ => None,
        }
    })
}

/// The data that the recorded call wrote, in pieces.
pub fn written<'b>(ty: &RecordType, batch: &'b Batch, record: &Record) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    let Some(call) = &ty.call else { return pieces };
    // What was copied when the call was entered went into it: strings are paths and names.
    let is_input = |fetch: usize| {
        let fetch = &call.fetches[fetch];
        fetch.at_exit == 0 && matches!(fetch.op, abi::fetch::BYTES | abi::fetch::VECTORS)
    };
    let of_vectors = matches!(
        call.rows, replay_schema::RowRule::HeadFirst { fetch, .. } if is_input(fetch)
    );
    for row in 0..batch.rows(record).len() {
        let cells = batch.cells(record, row);
        for (declared, column) in call.columns.iter().zip(&ty.columns) {
            let Some(column) = column else { continue };
            let is_data = match row {
                0 => declared.sources.iter().filter_map(|source| source.bytes_of()).any(is_input),
                _ => of_vectors && declared.elements.iter().any(|source| source.is_element_bytes()),
            };
            if let (true, Value::Bytes(bytes)) = (is_data, cells.get(column)) {
                pieces.push(bytes);
            }
        }
    }
    // A call may take less than it was given.
    let mut left = usize::try_from(record.return_value).unwrap_or(0);
    for piece in &mut pieces {
        *piece = &piece[..piece.len().min(left)];
        left -= piece.len();
    }
    pieces
}
