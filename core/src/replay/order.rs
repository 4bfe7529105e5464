//! Which records wait for which.

mod found;
mod names;
mod resources;
mod uses;

use std::sync::Arc;

use crate::record::Record;
use crate::replay::progress::{Progress, Stopped};
use crate::replay::turn::Turn;

pub use resources::{Resources, link_on_disk};

/// The order in which records are replayed; `docs/ordering.md` says what each promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Order {
    /// One after the other, in the order in which they took effect
    #[default]
    Strict,
    /// After all that had returned before they were called, and after earlier ones on the same file
    Causal,
    /// After earlier ones on the same file, name or descriptor
    Resource,
    /// Each task for itself
    Free,
}

impl Order {
    /// Whether the model of resources is needed.
    pub fn needs_resources(self) -> bool {
        matches!(self, Self::Causal | Self::Resource)
    }

    /// Whether no record waits until all before another one are done.
    pub fn needs_no_positions(self) -> bool {
        matches!(self, Self::Resource | Self::Free)
    }
}

/// A record of another task that has to be done before.
#[derive(Clone, Debug)]
pub struct Wait {
    /// That task's progress, in its own records.
    pub progress: Arc<Progress>,
    /// How many of its records have to be done.
    pub count: u64,
    /// The last one's position in the trace.
    pub position: u64,
    /// Whether it lets nobody pass but those that it waits for itself.
    pub is_firm: bool,
}

impl Wait {
    /// Waits for it, as `record`, which may be entered once all before its `ready_at` are done: if the two
    /// overlapped, and the other one waits in the kernel, it may wait for this one. Where it doesn't itself, it may come
    /// after one that does.
    ///
    /// # Errors
    /// The replay was stopped.
    pub fn wait(&self, turn: &Turn, record: &Record) -> Result<(), Stopped> {
        if self.position < record.ready_at {
            return self.progress.wait_for(self.count);
        }
        let others = match self.is_firm {
            true => self.position..self.position + 1,
            false => record.ready_at.min(record.position)..record.position,
        };
        turn.wait_for_other(&self.progress, self.count, others)
    }
}

/// What the records of a batch wait for.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    /// Of each record, where its waits end in `all`; they begin where the one before ends.
    ends: Vec<u32>,
    all: Vec<Wait>,
}

impl Waits {
    /// The waits of the next record of the batch.
    pub fn push(&mut self, waits: impl IntoIterator<Item = Wait>) {
        self.all.extend(waits);
        self.ends.push(self.all.len() as u32);
    }

    /// The waits of record `index` of the batch.
    pub fn of(&self, index: usize) -> &[Wait] {
        let Some(end) = self.ends.get(index) else { return &[] };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.all[start as usize..*end as usize]
    }
}

/// Waits until `record`, which has these `waits`, may be entered; `is_awaited` says whether a call that waits may
/// wait for it.
///
/// # Errors
/// The replay was stopped.
#[inline]
pub fn wait_to_enter(
    order: Order,
    turn: &Turn,
    record: &Record,
    is_awaited: bool,
    waits: &[Wait],
) -> Result<(), Stopped> {
    match order {
        Order::Strict if !is_awaited => return turn.wait_for(record.position),
        Order::Strict => return turn.wait_to_enter(record.position, record.ready_at),
        Order::Causal => turn.wait_for(record.ready_at)?,
        Order::Resource | Order::Free if turn.is_stopped() => return Err(Stopped),
        Order::Resource | Order::Free => {}
    }
    waits.iter().try_for_each(|wait| wait.wait(turn, record))
}
