//! Records that are known as a whole.

use replay_schema::Kind;

use crate::event::{Blob, Field, FieldValue, UNKNOWN_TIME};
use crate::feed::{Feed, FeedError, FieldGiven, Pending, Record};
use crate::memory::{self, Memory};
use crate::plan::name_of;

impl Feed {
    /// Writes a record that is known as a whole; `before` is the program's memory when the call was entered,
    /// `after` when it had returned.
    ///
    /// # Errors
    /// No plugin has the call, or its record type no such column, or what is given makes no sense. Nothing is
    /// written then.
    pub fn write(
        &mut self,
        record: &Record<'_>,
        before: &impl Memory,
        after: &impl Memory,
    ) -> Result<(), FeedError> {
        let Record { number, task, arguments, returned, .. } = *record;
        let Some(plan) = self.plans.of_call(number.into(), &arguments) else {
            *self.summary.not_recorded.entry(number).or_default() += 1;
            return Err(FeedError::NotRecorded(name_of(number.into())));
        };
        let declared = self.plans.plan(plan);
        let columns = &declared.call.columns;
        let mut fields = Vec::new();
        for (name, value) in record.fields {
            let Some(column) = columns.iter().position(|column| column.name == *name) else {
                let column = (*name).to_owned();
                return Err(FeedError::NoColumn { call: name_of(number.into()), column });
            };
            let holds = columns[column].kind;
            if (holds == Kind::Variable32) != matches!(value, FieldGiven::Bytes(_)) {
                let (call, column) = (name_of(number.into()), (*name).to_owned());
                return Err(FeedError::Value { call, column, holds: holds.name() });
            }
            fields.push((column, *value));
        }
        if let Some((called, returned)) = record.ids
            && !(0 < called && called < returned && returned < i64::MAX)
        {
            return Err(FeedError::Ids { called, returned });
        }
        let mut blobs = vec![Blob::Absent; declared.call.fetches.len()];
        let mut bytes = Vec::new();
        for (place, fetch) in &declared.entry {
            blobs[*place] = memory::copy_after(before, fetch, arguments, None, &blobs, &mut bytes);
        }
        let (called_id, returned_id) = match record.ids {
            Some((called, returned)) => {
                self.next_id = self.next_id.max(called.max(returned).saturating_add(1));
                (called, returned)
            }
            None => (self.take_id(), self.take_id()),
        };
        self.task(task);
        let batch = self.producer.batch();
        let event = batch.events.len();
        for (column, value) in fields {
            let value = match value {
                FieldGiven::Number(number) => FieldValue::Number(number),
                FieldGiven::Bytes(given) => {
                    let start = batch.bytes.len();
                    batch.bytes.extend_from_slice(given);
                    FieldValue::Bytes(start..batch.bytes.len())
                }
            };
            batch.fields.push(Field { event, column, value });
        }
        let time_called = record.time_called.unwrap_or(UNKNOWN_TIME);
        let instruction = 0;
        let call =
            Pending { plan, number, arguments, instruction, called_id, time_called, blobs, bytes };
        let time_returned = record.time_returned.unwrap_or(UNKNOWN_TIME);
        self.emit(task, call, returned, returned_id, time_returned, after);
        Ok(())
    }
}
