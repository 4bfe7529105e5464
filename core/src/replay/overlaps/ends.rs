//! When a task that ends gave up its descriptors, by what overlapping calls saw.

use replay_schema::Changes;

use crate::record::{Batch, Record, What};
use crate::trace::RecordType;
use crate::verify;

/// What a call says of the ends of other tasks that it overlapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OfEnds {
    Nothing,
    /// It gave data to somebody who was there.
    SomebodyThere,
    /// Nobody was there any more.
    NobodyThere,
}

impl OfEnds {
    fn of(types: &[RecordType], batch: &Batch, record: &Record) -> Self {
        let What::Call(kind) = record.what else { return Self::Nothing };
        let ty = &types[kind as usize];
        let Some(call) = ty.call.as_ref().filter(|call| call.blocks && record.returned) else {
            return Self::Nothing;
        };
        let gives = call.changes == Changes::Descriptors && !ty.has_paths;
        match record.errno_number {
            0 if gives && record.return_value > 0 && !verify::looks(ty, call, batch, record) => {
                Self::SomebodyThere
            }
            libc::EPIPE => Self::NobodyThere,
            _ => Self::Nothing,
        }
    }
}

/// Before which record of `batch`, from `first` on, the one at `index` took effect for all that is known of the ends of
/// tasks: a call before an end that it overlapped, or an end before a call.
pub fn before_end(
    types: &[RecordType],
    batch: &Batch,
    first: usize,
    index: usize,
) -> Option<usize> {
    let between = &batch.records[first..index];
    let of = |record: &Record| OfEnds::of(types, batch, record);
    let record = &batch.records[index];
    if record.what == What::TaskEnd {
        let at = between.iter().position(|record| of(record) == OfEnds::NobodyThere)?;
        // What others gave in between was perhaps given to this one.
        let is_plain = !between[at..].iter().any(|record| of(record) == OfEnds::SomebodyThere);
        return is_plain.then_some(first + at);
    }
    if of(record) != OfEnds::SomebodyThere {
        return None;
    }
    let at = between.iter().position(|record| record.what == What::TaskEnd)?;
    // Others keep their order: those that wait have that of what they moved, and what is written may be to a file that they
    // are on.
    let is_plain = between[at..].iter().all(|record| is_on_nothing(types, record));
    is_plain.then_some(first + at)
}

/// Whether it is on no descriptor and no path, and waits for nobody.
fn is_on_nothing(types: &[RecordType], record: &Record) -> bool {
    let What::Call(kind) = record.what else { return true };
    let ty = &types[kind as usize];
    let waits = ty.call.as_ref().is_some_and(|call| call.blocks);
    ty.is_idle || !(waits || ty.has_paths || !ty.descriptors.is_empty())
}
