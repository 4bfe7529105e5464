//! Which of two calls at once took effect first, where their outcomes tell.
//!
//! Calls are replayed in the order in which they returned. Of two that overlapped, the later one may have taken effect
//! first, all the same; and where both are on one name it may be seen that it did: one process's unlink(2) finds no
//! file, and another's, which returns a moment later, removes it. Such a call is moved up, before the other one. It
//! goes past none of its own task's calls, which was in this one all the while. Of two that let somebody in from the
//! network, who came tells. Likewise for the end of a process, which gives up its descriptors at some moment between its
//! last call and when the kernel tells of it: what was written to a pipe meanwhile was written before, and what failed
//! with `EPIPE` came after.

mod ends;
mod signs;

use std::cell::OnceCell;
use std::collections::VecDeque;

use crate::record::{Batch, What};
use crate::trace::{REACH, RecordType};

use ends::before_end;
use signs::{Signs, Then};

/// Moves calls before others that they overlapped, and that could only have come after them.
#[derive(Debug, Default)]
pub struct Overlaps {
    /// What was moved: to the first position, from the second.
    moved: VecDeque<(u64, u64)>,
}

impl Overlaps {
    /// Moves calls of `batch`, as far as the batch has both. The positions are the batch's own, as before.
    pub fn settle(&mut self, types: &[RecordType], batch: &mut Batch) {
        let Some(start) = batch.records.first().map(|record| record.position) else { return };
        while self.moved.front().is_some_and(|(_, from)| from + REACH < start) {
            self.moved.pop_front();
        }
        // Of each record, once somebody asked. In most batches nobody does.
        let mut known: Vec<OnceCell<Signs>> = Vec::new();
        for index in 0..batch.records.len() {
            let mut record = batch.records[index];
            for (to, from) in &self.moved {
                // What is moved lets all between come one later.
                if (to + 1..=*from).contains(&record.ready_at) {
                    record.ready_at += 1;
                }
            }
            batch.records[index] = record;
            if record.ready_at >= record.position {
                continue;
            }
            known.resize_with(batch.records.len(), OnceCell::new);
            let first = record.ready_at.saturating_sub(start) as usize;
            if let Some(to) = before_end(types, batch, first, index) {
                self.move_up(batch, to, index);
                known[to..=index].rotate_right(1);
                if record.what != What::TaskEnd {
                    // Not while the call is under way either.
                    batch.records[to + 1].ready_at = batch.records[to + 1].position;
                }
                continue;
            }
            let signs_of = |index: usize| {
                known[index].get_or_init(|| Signs::of(types, batch, &batch.records[index]))
            };
            let signs = signs_of(index);
            // Most calls have none, and some overlap hundreds of others.
            if signs.are_none() {
                continue;
            }
            let mut to = None;
            for earlier in (first..index).rev() {
                match signs_of(earlier).then(signs) {
                    Then::Before => to = Some(earlier),
                    Then::After => break,
                    Then::Unknown => {}
                }
            }
            if let Some(to) = to {
                self.move_up(batch, to, index);
                known[to..=index].rotate_right(1);
            }
        }
    }

    fn move_up(&mut self, batch: &mut Batch, to: usize, from: usize) {
        let moved = &mut batch.records[to..=from];
        let start = moved[0].position;
        let end = start + (from - to) as u64;
        moved.rotate_right(1);
        for (record, position) in moved.iter_mut().zip(start..) {
            record.position = position;
            if position > start && record.ready_at > start {
                record.ready_at += 1;
            }
        }
        self.moved.push_back((start, end));
    }
}
