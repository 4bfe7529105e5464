//! Calls that aren't made, as far as that is known before their turn comes: the reader finds out, while the tasks make
//! the calls before them.

use replay_schema::{Call, Returns};

use crate::record::{Batch, Record, What};
use crate::replay::effects;
use crate::replay::kernels::{is_kernels, is_of_devices};
use crate::report::Reason;
use crate::trace::RecordType;
use crate::verify;

/// Notes which records of `batch` are of calls that aren't made, and why. `is_rooted` says whether the replay has a root
/// of its own.
pub fn mark(types: &[RecordType], batch: &mut Batch, is_rooted: bool) {
    let mut records = std::mem::take(&mut batch.records);
    for record in &mut records {
        if let What::Call(kind) = record.what {
            record.skipped = reason(&types[kind as usize], batch, record, is_rooted);
        }
    }
    batch.records = records;
}

/// Errors by which a call would change nothing for what the machine was: which file systems it had (`rename`, after which
/// mv(1) copies), whether they could be written and how much found room, how long a file might be, which programs ran.
/// Where all that is different the call would succeed, and change what the program didn't.
const OF_THE_MACHINE: [i32; 6] =
    [libc::EXDEV, libc::EROFS, libc::ENOSPC, libc::EDQUOT, libc::EFBIG, libc::ETXTBSY];

fn reason(ty: &RecordType, batch: &Batch, record: &Record, is_rooted: bool) -> Option<Reason> {
    let Some(call) = &ty.call else { return Some(Reason::NoPlugin) };
    if let Some(reason) = of_call(ty, call, record) {
        return Some(reason);
    }
    let is_of_machine = OF_THE_MACHINE.contains(&record.errno_number);
    if is_of_machine && !verify::looks(ty, call, batch, record) {
        return Some(Reason::Refused);
    }
    // Beneath a root there are no devices to be listed, but folders that a program may change to.
    let is_left_alone = |path: &[u8]| {
        is_kernels(path, is_rooted) || (is_rooted && !call.changes_fs && is_of_devices(path))
    };
    effects::has_path(ty, batch, record, is_left_alone).then_some(Reason::Kernels)
}

/// Why the call isn't even given to its plugin, wherever its paths lead.
fn of_call(ty: &RecordType, call: &Call, record: &Record) -> Option<Reason> {
    if ty.disabled.is_some() {
        return Some(Reason::Disabled);
    }
    if ty.is_simulated {
        return Some(Reason::Simulated);
    }
    if ty.lacks_columns {
        return Some(Reason::NotCaptured);
    }
    if record.skipped.is_some() {
        return record.skipped;
    }
    if !record.returned && call.returns != Returns::Never {
        return Some(Reason::NeverReturned);
    }
    match record.errno_number {
        0 => None,
        libc::EINTR | 512..=516 => Some(Reason::Timing),
        libc::EAGAIN if call.blocks => Some(Reason::Timing),
        _ => None,
    }
}
