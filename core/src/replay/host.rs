//! What the replayer does for a plugin while it replays a record: the unsafe edge to plugins.

mod functions;

use std::collections::HashMap;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex};

use abi::abi_stable::prefix_type::PrefixTypeTrait;
use abi::{Host, HostRef, Outcome, status, want};
use replay_schema::{Call, ReplayFn};

use crate::misdeed::{Misdeed, UNWRITTEN, check_outcome};
use crate::pattern::Pattern;
use crate::place::PathMap;
use crate::record::{Batch, Record};
use crate::replay::Options;
use crate::replay::descriptors::{Files, LookedUps, Stands};
use crate::replay::holders::Holders;
use crate::replay::net::Network;
use crate::replay::proc::Proc;
use crate::replay::rights::Rights;
use crate::replay::scratch::Scratch;
use crate::replay::streams::{Moves, Streams};
use crate::trace::RecordType;
use crate::verify::Divergence;
use functions::host;

/// What a plugin is told through [`Record::wants`](abi::Record::wants).
#[derive(Clone, Debug, Default)]
pub struct Wants {
    /// Of all calls: bits of [`want`].
    bits: u32,
    /// Compare the data that the kernel returns.
    pub verify: bool,
    /// Expect the defects of the original recorder.
    pub is_reference: bool,
    /// What stands for the standard streams, if calls that move data through them are made.
    pub streams: Streams,
    /// Write this instead of what was recorded.
    pub pattern: Option<Pattern>,
    /// Where else paths lead.
    pub map: PathMap,
    /// Where descriptors by name are looked up, if there is no `/proc`.
    pub proc: Option<Arc<Proc>>,
    /// The replay's network, if it has one.
    pub network: Option<Arc<Network>>,
}

impl Wants {
    /// What `options` ask for.
    pub fn new(
        options: &Options,
        is_reference: bool,
        rights: Rights,
        proc: Option<Arc<Proc>>,
        network: Option<Arc<Network>>,
    ) -> Self {
        let Options { verify, pattern, place, streams, .. } = options;
        let bits = [
            (is_reference, want::REFERENCE),
            (rights.takes_on_users, want::CREDENTIALS),
            (network.is_some(), want::NETWORK),
            (*verify, want::VERIFY),
            (pattern.is_some(), want::PATTERN),
            (!place.map.is_empty() || proc.is_some(), want::PATHS),
        ];
        Self {
            bits: bits.iter().filter(|(is_so, _)| *is_so).fold(0, |bits, (_, bit)| bits | bit),
            verify: *verify,
            is_reference,
            streams: *streams,
            pattern: pattern.clone(),
            map: place.map.clone(),
            proc,
            network,
        }
    }
}

/// What the kernel filled in for one fetch.
#[derive(Debug, Default)]
enum Filled {
    #[default]
    Nothing,
    /// It lies in scratch memory, which stays until the next record.
    InScratch(*const u8, usize),
    Copied(Vec<u8>),
}

/// A child that a plugin announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child {
    /// Its id in the trace.
    pub id: i32,
    /// What it has in common with its parent: `abi::CHILD_SHARES_…`.
    pub shares: u32,
}

/// Who makes a call.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    /// The task's id in the trace.
    pub task: i32,
    /// The number of its memory.
    pub memory: u32,
}

/// What came of a record, beside the outcome.
#[derive(Debug, Default)]
pub struct Acts {
    /// Whether there is anything.
    pub are_any: bool,
    /// The child that starts.
    pub child: Option<Child>,
    /// The last traced descriptor that the plugin made simulated.
    pub simulated: Option<i32>,
    /// The process runs a new program.
    pub executed: bool,
    /// What the process no longer has in common with others: `abi::CHILD_SHARES_…`.
    pub unshared: u32,
    /// Differences that the plugin found itself.
    pub divergences: Vec<Divergence>,
    /// Messages, with their levels ([`abi::log`]).
    pub messages: Vec<(u32, String)>,
    /// The first thing that the plugin did and may not do.
    pub misdeed: Option<Misdeed>,
}

impl Acts {
    /// Something more.
    pub fn add(&mut self) -> &mut Self {
        self.are_any = true;
        self
    }
}

/// What plugins tell one another, by name; all tasks know it.
pub type Known = Arc<Mutex<HashMap<Vec<u8>, Arc<[u8]>>>>;

/// A task's side of the calls that plugins make to their host.
#[derive(Debug)]
pub struct Context {
    /// The descriptors of the task's process.
    pub files: Files,
    looked_up: LookedUps,
    /// What came of the record so far.
    pub acts: Acts,
    known: Known,
    holders: Arc<Holders>,
    wants: Wants,
    scratch: Scratch,
    filled: Vec<Filled>,
    payloads: Vec<Box<[u8]>>,
    paths: Vec<Box<[u8]>>,
    recalled: Vec<Arc<[u8]>>,
    note: Option<(i32, [u64; 4])>,
    unique_id: i64,
    position: u64,
    task: i32,
    /// What the plugin declared.
    call: Option<Arc<Call>>,
    /// Whether it is one of ours.
    is_stock: bool,
    /// Which way the call moves data, if it may do so through standard streams.
    moves: Option<Moves>,
}

// SAFETY: the pointers lead into the context's own scratch memory.
unsafe impl Send for Context {}

impl Context {
    /// Of a task with these descriptors, which knows what `known` holds and who else is there.
    pub fn new(files: Files, known: Known, holders: Arc<Holders>, wants: Wants) -> Self {
        Self {
            files,
            looked_up: LookedUps::default(),
            known,
            holders,
            acts: Acts::default(),
            wants,
            scratch: Scratch::default(),
            filled: Vec::new(),
            payloads: Vec::new(),
            paths: Vec::new(),
            recalled: Vec::new(),
            note: None,
            unique_id: 0,
            position: 0,
            task: 0,
            call: None,
            is_stock: true,
            moves: None,
        }
    }

    /// Lets the plugin make the call of `record` again; returns a [`status`] and the outcome.
    pub fn replay(
        &mut self,
        hosts: Hosts,
        call: &Arc<Call>,
        ty: &RecordType,
        batch: &Batch,
        record: &Record,
        of: Identity,
    ) -> (u32, Outcome) {
        let rows = batch.rows(record);
        let is_cut = !self.wants.is_reference && record.incomplete;
        let wants = self.wants.bits | if is_cut { want::CUT } else { 0 };
        self.acts.are_any = false;
        self.moves = self.wants.streams.moves(ty, call, batch, record);
        if self.wants.verify {
            self.filled.clear();
            self.filled.resize_with(call.fetches.len(), Filled::default);
        }
        if self.wants.bits & (want::PATTERN | want::PATHS) != 0 {
            self.payloads.clear();
            self.paths.clear();
        }
        self.unique_id = record.unique_id;
        self.position = record.position;
        self.task = of.task;
        self.is_stock = call.is_stock;
        if !self.call.as_ref().is_some_and(|known| Arc::ptr_eq(known, call)) {
            self.call = Some(call.clone());
        }
        let abi_record = abi::Record {
            slots: ty.slots.as_ptr(),
            rows: rows.as_ptr(),
            slot_count: ty.slots.len() as u32,
            row_count: rows.len() as u32,
            unique_id: record.unique_id,
            return_value: record.return_value,
            errno_number: record.errno_number,
            task: of.task,
            wants,
            memory: of.memory,
        };
        let mut outcome = UNWRITTEN;
        let context = (&raw mut *self).cast();
        // SAFETY: slots and rows are of one extent type and live as long as trace and batch, longer
        // than this call; the context is this one, which nothing else touches meanwhile.
        let status = unsafe {
            match call.replay {
                ReplayFn::Described(replay) => {
                    replay(&raw const abi_record, hosts.described, context, &raw mut outcome)
                }
                ReplayFn::Plain(replay) => {
                    replay(&raw const abi_record, hosts.plain, context, &raw mut outcome)
                }
            }
        };
        let misdeed = match status {
            status::MADE => check_outcome(outcome).err(),
            status::PANICKED => Some(Misdeed::Panicked),
            status if status > status::STANDARD_STREAM => Some(Misdeed::Status(status)),
            _ => None,
        };
        if let Some(misdeed) = misdeed {
            self.acts.add().misdeed.get_or_insert(misdeed);
        }
        self.recalled.clear();
        if let Some((traced, note)) = self.note.take() {
            self.files.lock().set_note(traced, note);
        }
        (status, outcome)
    }

    /// What the kernel filled in, by the fetches of the call, for `look`.
    pub fn with_filled<T>(&self, look: impl FnOnce(&[Option<&[u8]>]) -> T) -> T {
        // Few calls have more fetches, and memory for two of them costs more than to fill in these.
        let mut few = [None; 4];
        match few.get_mut(..self.filled.len()) {
            Some(few) => {
                few.iter_mut().zip(self.filled()).for_each(|(place, filled)| *place = filled);
                look(few)
            }
            None => look(&self.filled().collect::<Vec<_>>()),
        }
    }

    /// The same, copied.
    pub fn filled_copies(&self) -> Vec<Option<Vec<u8>>> {
        self.filled().map(|filled| filled.map(<[u8]>::to_vec)).collect()
    }

    fn filled(&self) -> impl Iterator<Item = Option<&[u8]>> {
        self.filled.iter().map(|filled| match filled {
            Filled::Nothing => None,
            Filled::InScratch(start, length) => {
                // SAFETY: the memory is this context's scratch, unchanged since the plugin handed it over.
                Some(unsafe { std::slice::from_raw_parts(*start, *length) })
            }
            Filled::Copied(bytes) => Some(&bytes[..]),
        })
    }

    /// The standard stream that `stands` for a descriptor, if the call may move data through it.
    fn stream(&self, stands: Option<Stands>) -> Option<RawFd> {
        let Some(Stands::Standard(number)) = stands else { return None };
        self.wants.streams.real(number, self.moves?)
    }
}

/// The host's functions, as the two kinds of plugins take them.
#[derive(Clone, Copy)]
pub struct Hosts {
    described: HostRef,
    plain: &'static Host,
}

impl Hosts {
    /// This host's.
    pub fn new() -> Self {
        Self { described: host().leak_into_prefix(), plain: Box::leak(Box::new(host())) }
    }
}
