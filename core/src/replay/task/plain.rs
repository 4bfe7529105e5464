//! Calls that are made and compared, and that is all: most of most traces. What else there is to see to takes about as
//! long, call by call, as a short call itself.

use std::sync::Arc;

use abi::{Outcome, status};
use replay_schema::{Call, Returns};

use crate::record::{Batch, Record};
use crate::replay::shared::Shared;
use crate::replay::task::Task;
use crate::trace::RecordType;
use crate::verify;

/// What became of a call that may be plain.
pub(super) enum Plain {
    /// It isn't, and wasn't made.
    No,
    /// It was made, and came out as recorded.
    AsRecorded,
    /// Its plugin was asked, and says this: more is to be seen to.
    Asked((u32, Outcome)),
}

impl Task {
    /// Makes the call of `record` if it is plain, and compares what came of it.
    #[inline]
    pub(super) fn make_plain(
        &mut self,
        shared: &Shared,
        kind: usize,
        ty: &RecordType,
        batch: &Batch,
        record: &Record,
    ) -> Plain {
        let is_alone = record.skipped.is_none()
            && record.child.is_none()
            && !record.is_last
            && record.ready_at >= record.position;
        let Some(call) = &ty.call else { return Plain::No };
        if !(ty.is_plain && shared.passes_plain && is_alone) || shared.given_up.has(call.plugin) {
            return Plain::No;
        }
        let asked = self.ask_plugin(shared, call, ty, batch, record);
        if self.is_as_recorded(kind, ty, call, batch, record, asked) {
            self.tallies[kind].made += 1;
            Plain::AsRecorded
        } else {
            Plain::Asked(asked)
        }
    }

    /// Whether the call was made and differs in nothing from the recorded one, and its plugin did nothing beside.
    #[inline]
    fn is_as_recorded(
        &mut self,
        kind: usize,
        ty: &RecordType,
        call: &Arc<Call>,
        batch: &Batch,
        record: &Record,
        (status, outcome): (u32, Outcome),
    ) -> bool {
        if status != status::MADE
            || self.context.acts.are_any
            || outcome.errno_number != record.errno_number
        {
            return false;
        }
        if outcome.errno_number != 0 {
            return true;
        }
        let returns = verify::returns(ty, call, batch, record);
        if returns == Returns::Number && outcome.return_value != record.return_value {
            return false;
        }
        !self.shared.options.verify || self.has_same_data(kind, ty, batch, record, outcome)
    }
}
