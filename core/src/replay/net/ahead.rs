//! What the trace has in store for a connection: searched in what is read of it and not done yet.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use dataseries::Value;
use replay_schema::{Returns, Role, Touch};

use crate::record::{Batch, Record, What};
use crate::replay::effects;
use crate::replay::net::sockaddr;
use crate::replay::progress::lock;
use crate::trace::RecordType;

/// Batches that are searched at least, if the trace has so many.
const LEAST_BATCHES: usize = 2;

/// How long such ones are waited for: the reader may wait for room.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a call came upon at a connection.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    /// Data, which it took.
    Bytes(Vec<u8>),
    /// Its end.
    End,
    /// That the other end had broken it off.
    Reset,
}

impl Next {
    /// What the call of `record` came upon, if it says something of the other end.
    pub fn of(ty: &RecordType, batch: &Batch, record: &Record) -> Option<Self> {
        match (record.errno_number, record.return_value) {
            (libc::ECONNRESET | libc::EPIPE, _) => Some(Self::Reset),
            (0, 0) if takes(ty) && record.returned => Some(Self::End),
            (0, taken @ 1..) if takes(ty) => Some(Self::Bytes(bytes(ty, batch, record, taken))),
            _ => None,
        }
    }
}

/// Whether calls of `ty` take data from a descriptor.
fn takes(ty: &RecordType) -> bool {
    ty.takes_data || ty.takes_unseen
}

/// The descriptors that a call may have come upon something at: of one that moves data from one to another, that
/// which it takes it from, unless the other end broke off.
pub fn met(ty: &RecordType, batch: &Batch, record: &Record) -> Vec<i32> {
    let cells = batch.cells(record, 0);
    let used = effects::descriptors(ty, &cells).filter(|(_, role, touch)| {
        let is_source = *touch == Touch::Looks || !ty.takes_unseen || record.errno_number != 0;
        *role == Role::Descriptor && is_source
    });
    used.map(|(traced, ..)| traced).collect()
}

/// The bytes that the call took, `taken` in all; zeros for those that the trace lacks.
fn bytes(ty: &RecordType, batch: &Batch, record: &Record, taken: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let declared = ty.call.iter().flat_map(|call| &call.columns).zip(&ty.columns);
    let payload: Vec<_> = declared.filter(|(declared, _)| declared.role == Role::Payload).collect();
    for row in 0..batch.rows(record).len() {
        let cells = batch.cells(record, row);
        for (_, column) in &payload {
            if let Some(Value::Bytes(value)) = column.as_ref().map(|column| cells.get(column)) {
                bytes.extend_from_slice(value);
            }
        }
    }
    let taken = (taken as u64).min(MOST_TAKEN.max(bytes.len() as u64));
    bytes.resize(taken as usize, 0);
    bytes
}

/// Bytes that the trace may lack of one call, and that are sent all the same: what a call returned is anybody's word.
const MOST_TAKEN: u64 = 64 << 20;

/// What is read and not done.
#[derive(Debug, Default)]
pub struct Ahead {
    state: Mutex<State>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct State {
    batches: VecDeque<Arc<Batch>>,
    /// Of each task, its process.
    processes: Arc<Vec<i32>>,
    is_over: bool,
}

impl Ahead {
    /// `batch` was read; what comes before `position` is done. `processes` has the processes of tasks, by their
    /// ids, where those differ.
    pub fn add(&self, batch: &Arc<Batch>, position: u64, processes: &HashMap<i32, i32>) {
        let mut state = lock(&self.state);
        let is_done =
            |batch: &Arc<Batch>| batch.records.last().is_none_or(|last| last.position < position);
        while state.batches.front().is_some_and(is_done) {
            state.batches.pop_front();
        }
        let of = |id: i32| processes.get(&id).copied().unwrap_or(id);
        if !batch.tasks.is_empty() {
            let new = batch.tasks.iter().map(|task| of(task.id));
            Arc::make_mut(&mut state.processes).extend(new);
        }
        state.batches.push_back(batch.clone());
        drop(state);
        self.more.notify_all();
    }

    /// Nothing more comes.
    pub fn end(&self) {
        lock(&self.state).is_over = true;
        self.more.notify_all();
    }

    /// Whether somebody was on the way to a socket of the network when the call at `position` returned.
    pub fn is_somebody_coming(&self, types: &[RecordType], position: u64) -> bool {
        let batches = lock(&self.state).batches.clone();
        let ahead = batches.iter().filter(|batch| is_behind(batch, position));
        ahead.flat_map(|batch| batch.records.iter().map(move |record| (batch, record))).any(
            |(batch, record)| {
                let What::Call(kind) = record.what else { return false };
                record.position > position
                    && record.ready_at <= position
                    && matches!(record.errno_number, 0 | libc::EINPROGRESS)
                    && is_visit(&types[kind as usize], batch, record)
            },
        )
    }

    /// What the next call behind `position` came upon that `process` made on the descriptor `traced`, as far as the
    /// trace is read; nothing if it has another descriptor of that number before.
    pub fn next(
        &self,
        types: &[RecordType],
        process: i32,
        traced: i32,
        position: u64,
    ) -> Option<Next> {
        let until = Instant::now() + PATIENCE;
        let mut state = lock(&self.state);
        loop {
            let ahead = state.batches.iter().filter(|batch| is_behind(batch, position));
            let is_enough = state.is_over || ahead.clone().count() > LEAST_BATCHES;
            let batches: Vec<_> = ahead.cloned().collect();
            let processes = state.processes.clone();
            drop(state);
            for batch in &batches {
                let records = batch.records.iter().filter(|record| {
                    record.position > position
                        && processes.get(record.task as usize) == Some(&process)
                });
                for record in records {
                    if let Some(found) = look(types, batch, record, traced) {
                        return found;
                    }
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            if is_enough || left.is_zero() {
                return None;
            }
            state = lock(&self.state);
            let waited = self.more.wait_timeout(state, left);
            state = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
    }
}

fn is_behind(batch: &Arc<Batch>, position: u64) -> bool {
    batch.records.last().is_some_and(|last| last.position > position)
}

/// Whether `record` is of a call that goes to an address of the network.
fn is_visit(ty: &RecordType, batch: &Batch, record: &Record) -> bool {
    let cells = batch.cells(record, 0);
    ty.visits
        && ty.columns.iter().flatten().any(|column| match cells.get(column) {
            Value::Bytes(address) => sockaddr(address).is_some(),
            _ => false,
        })
}

/// What `record` says of the other end of `traced`; a nothing if it is the last that has to do with it, or found
/// that there is nothing to take.
fn look(types: &[RecordType], batch: &Batch, record: &Record, traced: i32) -> Option<Option<Next>> {
    let What::Call(kind) = record.what else { return None };
    let ty = &types[kind as usize];
    let is_new = ty.call.as_ref().is_some_and(|call| call.returns == Returns::Descriptor)
        && record.succeeded()
        && record.return_value == i64::from(traced);
    if is_new || ty.closes && effects::closed(ty, batch, record).contains(&traced) {
        return Some(None);
    }
    let is_one = takes(ty) || matches!(record.errno_number, libc::ECONNRESET | libc::EPIPE);
    if !is_one || !met(ty, batch, record).contains(&traced) {
        return None;
    }
    Some(Next::of(ty, batch, record))
}
