//! Which fetch of the declaration a field's value comes from.

use quote::quote;

use crate::field::{Field, Origin};

/// What the declaration makes a fetch of: memory behind the same pointer at the same moment is
/// fetched once, if it is under the same condition.
type FetchKey = (u8, Option<bool>, Option<String>);

/// The fetches of the places where the field's value may be found.
fn fetch_keys(field: &Field) -> impl Iterator<Item = FetchKey> {
    field.origins().filter_map(|(origin, when)| {
        let (argument, after) = match origin {
            Origin::Path(argument)
            | Origin::String { argument, .. }
            | Origin::Input { argument, .. }
            | Origin::Output { argument, .. }
            | Origin::Rows { argument, .. }
            | Origin::Items { argument, .. } => (*argument, None),
            Origin::Memory { argument, after, .. } | Origin::Time { argument, after, .. } => {
                (*argument, Some(*after))
            }
            Origin::Structure(argument) => (*argument, Some(true)),
            _ => return None,
        };
        Some((argument, after, when.map(|when| quote!(#when).to_string())))
    })
}

/// The number of the fetch of field `index`, in the order in which the declaration makes them.
pub(super) fn fetch_number(fields: &[Field], index: usize) -> u32 {
    let mut keys = Vec::new();
    for key in fields[..index].iter().flat_map(fetch_keys) {
        if key.1.is_none() || !keys.contains(&key) {
            keys.push(key);
        }
    }
    let own = fetch_keys(&fields[index]).next().filter(|key| key.1.is_some());
    own.and_then(|own| keys.iter().position(|key| *key == own)).unwrap_or(keys.len()) as u32
}

/// The number of the fetch of what the kernel leaves behind argument `argument`, if a column has it.
pub(super) fn fetch_after(fields: &[Field], argument: u8) -> Option<u32> {
    let is_behind = |(index, after, _): FetchKey| (index, after) == (argument, Some(true));
    let index = fields.iter().position(|field| fetch_keys(field).any(is_behind))?;
    Some(fetch_number(fields, index))
}
