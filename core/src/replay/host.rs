//! What the replayer does for a plugin while it replays a record: the unsafe edge to plugins.

use std::collections::HashMap;
use std::ffi::c_void;
use std::os::fd::RawFd;
use std::sync::{Arc, Mutex, PoisonError};

use abi::abi_stable::prefix_type::PrefixTypeTrait;
use abi::{Host, HostRef, Outcome, status, want};
use replay_schema::{Call, ReplayFn};

use crate::misdeed::{Misdeed, UNWRITTEN, check_outcome};
use crate::own_memory;
use crate::pattern::Pattern;
use crate::place::PathMap;
use crate::record::{Batch, Record};
use crate::replay::Options;
use crate::replay::descriptors::{Files, LookedUps, Stands, answer, is_stream as is_stream_itself};
use crate::replay::holders::Holders;
use crate::replay::net::Network;
use crate::replay::proc::Proc;
use crate::replay::rights::Rights;
use crate::replay::scratch::Scratch;
use crate::replay::streams::{Moves, Streams};
use crate::trace::RecordType;
use crate::verify::Divergence;

/// What a plugin is told through [`Record::wants`](abi::Record::wants).
#[derive(Clone, Debug, Default)]
pub struct Wants {
    /// Compare the data that the kernel returns.
    pub verify: bool,
    /// Expect the defects of the original recorder.
    pub is_reference: bool,
    /// Take on the program's users and groups.
    pub takes_on_users: bool,
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
        Self {
            verify: *verify,
            is_reference,
            takes_on_users: rights.takes_on_users,
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
        let mut wants = if self.wants.is_reference { want::REFERENCE } else { 0 };
        if !self.wants.is_reference && record.incomplete {
            wants |= want::CUT;
        }
        if self.wants.takes_on_users {
            wants |= want::CREDENTIALS;
        }
        if self.wants.network.is_some() {
            wants |= want::NETWORK;
        }
        self.moves = self.wants.streams.moves(ty, call, batch, record);
        if self.wants.verify {
            wants |= want::VERIFY;
            self.filled.clear();
            self.filled.resize_with(call.fetches.len(), Filled::default);
        }
        if self.wants.pattern.is_some() {
            wants |= want::PATTERN;
            self.payloads.clear();
        }
        if !self.wants.map.is_empty() || self.wants.proc.is_some() {
            wants |= want::PATHS;
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
            self.acts.misdeed.get_or_insert(misdeed);
        }
        self.recalled.clear();
        if let Some((traced, note)) = self.note.take() {
            self.files.lock().set_note(traced, note);
        }
        (status, outcome)
    }

    /// What the kernel filled in, by the fetches of the call.
    pub fn filled(&self) -> Vec<Option<&[u8]>> {
        let filled = self.filled.iter().map(|filled| match filled {
            Filled::Nothing => None,
            Filled::InScratch(start, length) => {
                // SAFETY: the memory is this context's scratch, unchanged since the plugin handed it over.
                Some(unsafe { std::slice::from_raw_parts(*start, *length) })
            }
            Filled::Copied(bytes) => Some(&bytes[..]),
        });
        filled.collect()
    }

    /// The same, copied.
    pub fn filled_copies(&self) -> Vec<Option<Vec<u8>>> {
        self.filled().into_iter().map(|filled| filled.map(<[u8]>::to_vec)).collect()
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

fn host() -> Host {
    Host {
        descriptor,
        is_stream,
        adopt,
        release,
        alias,
        scratch,
        returned,
        payload,
        path,
        note,
        create_task,
        execute,
        exit,
        diverged,
        unshare,
        remember,
        recall,
        log,
        descriptor_of,
        expect,
        counterpart,
    }
}

/// The context that a host function is called for.
///
/// # Safety
/// `context` must be what [`Context::replay`] passed, during that call.
unsafe fn of<'a>(context: *mut c_void) -> &'a mut Context {
    // SAFETY: a plugin calls its host on the thread and during the call that it was given the context
    // for, one function at a time.
    unsafe { &mut *context.cast() }
}

/// Bytes that a plugin shows.
///
/// # Safety
/// `start` and `length` must describe memory that stays readable and unchanged meanwhile.
unsafe fn bytes<'a>(start: *const u8, length: u64) -> &'a [u8] {
    if length == 0 || start.is_null() {
        return &[];
    }
    // SAFETY: the caller vouches for the memory.
    unsafe { std::slice::from_raw_parts(start, length as usize) }
}

unsafe extern "C" fn descriptor(context: *mut c_void, traced: i32) -> i32 {
    // SAFETY: as `of` says.
    let context = unsafe { of(context) };
    let stands = context.files.look_up(traced, context.position, &mut context.looked_up);
    match context.stream(stands) {
        Some(stream) => stream,
        None => answer(stands),
    }
}

unsafe extern "C" fn is_stream(context: *mut c_void, traced: i32) -> u32 {
    // SAFETY: as `of` says.
    let context = unsafe { of(context) };
    let files = context.files.lock();
    let stands = files.get(traced);
    match context.stream(stands) {
        Some(stream) => is_stream_itself(stream).into(),
        None => files.is_stream(traced).into(),
    }
}

unsafe extern "C" fn adopt(context: *mut c_void, traced: i32, replayed: i32) {
    // SAFETY: as `of` says.
    let context = unsafe { of(context) };
    if traced < 0 {
        if replayed >= 0 {
            Stands::Open(replayed).close();
        }
        return;
    }
    let is_open = replayed >= 0 && (context.is_stock || is_open(replayed));
    if replayed >= 0 && !is_open {
        context.acts.misdeed.get_or_insert(Misdeed::NotOpen(replayed));
    }
    let stands = if is_open { Stands::Open(replayed) } else { Stands::Simulated };
    context.acts.simulated = (!is_open).then_some(traced);
    let before = context.files.adopt(traced, stands, context.position);
    before.into_iter().for_each(Stands::close);
}

unsafe extern "C" fn release(context: *mut c_void, traced: i32) -> i32 {
    // SAFETY: as `of` says.
    answer(unsafe { of(context) }.files.lock().remove(traced))
}

unsafe extern "C" fn alias(context: *mut c_void, old: i32, new: i32) {
    // SAFETY: as `of` says.
    let context = unsafe { of(context) };
    let stands = context.files.lock().get(old);
    let stands = match stands {
        // SAFETY: the call takes no pointer.
        Some(Stands::Open(open)) => match unsafe { libc::dup(open) } {
            -1 => Stands::Simulated,
            duplicate => Stands::Open(duplicate),
        },
        other => other.unwrap_or(Stands::Simulated),
    };
    let mut files = context.files.lock();
    let note = files.note(old);
    let before = files.set(new, stands);
    // Of the same thing the same is known, where nothing else stands for it.
    if let (Stands::Simulated, Some(note)) = (stands, note) {
        files.set_note(new, note);
        context.acts.simulated = Some(new);
    }
    drop(files);
    before.into_iter().for_each(Stands::close);
}

unsafe extern "C" fn scratch(context: *mut c_void, index: u32, length: u64) -> *mut u8 {
    // SAFETY: as `of` says.
    let memory = unsafe { of(context) }.scratch.get(index, length);
    memory.map_or(std::ptr::null_mut(), |start| start.as_ptr())
}

unsafe extern "C" fn returned(context: *mut c_void, fetch: u32, start: *const u8, length: u64) {
    // SAFETY: as `of` says.
    let context = unsafe { of(context) };
    let count = context.call.as_ref().map_or(0, |call| call.fetches.len());
    if fetch as usize >= count {
        context.acts.misdeed.get_or_insert(Misdeed::Fetch { number: fetch, count });
    }
    let in_scratch = context.scratch.holds(start, length);
    let Some(filled) = context.filled.get_mut(fetch as usize) else { return };
    *filled = if in_scratch {
        Filled::InScratch(start, length as usize)
    } else if context.is_stock {
        // SAFETY: as `bytes` says.
        Filled::Copied(unsafe { bytes(start, length) }.to_vec())
        // SAFETY: the plugin says that the bytes are there, and the kernel is asked.
    } else if let Some(copy) = unsafe { own_memory::copy(start, length) } {
        Filled::Copied(copy)
    } else {
        let misdeed = Misdeed::Dangling { start: start.addr(), length };
        context.acts.misdeed.get_or_insert(misdeed);
        Filled::Nothing
    };
}

fn is_open(fd: RawFd) -> bool {
    // SAFETY: the call takes no pointer.
    unsafe { libc::fcntl(fd, libc::F_GETFD) >= 0 }
}

unsafe extern "C" fn payload(context: *mut c_void, recorded: *const u8, length: u64) -> *const u8 {
    // SAFETY: as `of` says.
    let context = unsafe { of(context) };
    let Some(pattern) = &context.wants.pattern else { return recorded };
    if length > own_memory::MOST {
        let misdeed = Misdeed::Dangling { start: recorded.addr(), length };
        context.acts.misdeed.get_or_insert(misdeed);
        return recorded;
    }
    let mut data = vec![0; length as usize].into_boxed_slice();
    pattern.fill(context.unique_id, &mut data);
    context.payloads.push(data);
    context.payloads.last().map_or(recorded, |data| data.as_ptr())
}

unsafe extern "C" fn path(context: *mut c_void, recorded: *const u8, length: u64) -> *const u8 {
    // SAFETY: as `of` and `bytes` say.
    let (context, path) = unsafe { (of(context), bytes(recorded, length)) };
    let mapped = match &context.wants.proc {
        Some(proc) if Proc::is_of_descriptor(path) => match proc.path_of(path) {
            Some(path) => path,
            None => return std::ptr::null(),
        },
        _ => match context.wants.map.apply(path) {
            Some(mapped) => mapped,
            None => return recorded,
        },
    };
    context.paths.push(mapped.into_boxed_slice());
    context.paths.last().map_or(recorded, |path| path.as_ptr())
}

unsafe extern "C" fn note(context: *mut c_void, traced: i32) -> *mut u64 {
    // SAFETY: as `of` says.
    let context = unsafe { of(context) };
    match &mut context.note {
        Some((of, note)) if *of == traced => note.as_mut_ptr(),
        other => {
            let files = context.files.lock();
            if let Some((of, note)) = other.take() {
                files.set_note(of, note);
            }
            match files.note(traced) {
                Some(note) => other.insert((traced, note)).1.as_mut_ptr(),
                None => std::ptr::null_mut(),
            }
        }
    }
}

unsafe extern "C" fn create_task(context: *mut c_void, task: i32, shares: u32) {
    // SAFETY: as `of` says.
    unsafe { of(context) }.acts.child = Some(Child { id: task, shares });
}

unsafe extern "C" fn execute(context: *mut c_void) {
    // SAFETY: as `of` says.
    unsafe { of(context) }.acts.executed = true;
}

/// The trace tells when tasks end, of which this call may be the cause.
unsafe extern "C" fn exit(_context: *mut c_void, _whole: u32) {}

unsafe extern "C" fn diverged(
    context: *mut c_void,
    column: u32,
    expected: *const u8,
    expected_length: u64,
    got: *const u8,
    got_length: u64,
) {
    // SAFETY: as `of` and `bytes` say.
    let (context, expected, got) =
        unsafe { (of(context), bytes(expected, expected_length), bytes(got, got_length)) };
    let columns = context.call.iter().flat_map(|call| &call.columns);
    let count = columns.clone().count();
    if column != abi::DIVERGED && column as usize >= count {
        context.acts.misdeed.get_or_insert(Misdeed::Column { number: column, count });
    }
    let column = columns.into_iter().nth(column as usize);
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    context.acts.divergences.push(Divergence {
        column: column.map_or("return_value", |column| &column.name).to_owned(),
        expected: text(expected),
        got: text(got),
    });
}

unsafe extern "C" fn unshare(context: *mut c_void, shares: u32) {
    // SAFETY: as `of` says.
    unsafe { of(context) }.acts.unshared |= shares;
}

unsafe extern "C" fn remember(
    context: *mut c_void,
    name: *const u8,
    name_length: u64,
    value: *const u8,
    value_length: u64,
) {
    // SAFETY: as `of` and `bytes` say.
    let (context, name) = unsafe { (of(context), bytes(name, name_length)) };
    let mut known = context.known.lock().unwrap_or_else(PoisonError::into_inner);
    if value.is_null() {
        known.remove(name);
    } else {
        // SAFETY: as `bytes` says.
        known.insert(name.to_vec(), unsafe { bytes(value, value_length) }.into());
    }
}

unsafe extern "C" fn recall(
    context: *mut c_void,
    name: *const u8,
    name_length: u64,
    value_length: *mut u64,
) -> *const u8 {
    // SAFETY: as `of` and `bytes` say.
    let (context, name) = unsafe { (of(context), bytes(name, name_length)) };
    let known = context.known.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(value) = known.get(name).cloned() else { return std::ptr::null() };
    drop(known);
    // SAFETY: the plugin gives room for a number.
    unsafe { value_length.write(value.len() as u64) };
    let start = value.as_ptr();
    // Somebody may remember another value meanwhile.
    context.recalled.push(value);
    start
}

unsafe extern "C" fn log(context: *mut c_void, level: u32, text: *const u8, length: u64) {
    // SAFETY: as `of` and `bytes` say.
    let (context, text) = unsafe { (of(context), bytes(text, length)) };
    context.acts.messages.push((level, String::from_utf8_lossy(text).into_owned()));
}

unsafe extern "C" fn descriptor_of(context: *mut c_void, task: i32, traced: i32) -> i32 {
    // SAFETY: as `of` says.
    let context = unsafe { of(context) };
    context.holders.duplicate(task, traced, &context.files)
}

unsafe extern "C" fn expect(context: *mut c_void, traced: i32) -> u32 {
    // SAFETY: as `of` says.
    let context = unsafe { of(context) };
    let Some(network) = &context.wants.network else { return 0 };
    let stands = context.files.look_up(traced, context.position, &mut context.looked_up);
    let Some(Stands::Open(open)) = stands else { return 0 };
    network.expect(open, traced, context.task, context.position).into()
}

unsafe extern "C" fn counterpart(context: *mut c_void) -> u32 {
    // SAFETY: as `of` says.
    let network = &unsafe { of(context) }.wants.network;
    network.as_ref().and_then(|network| network.counterpart()).map_or(0, u32::from)
}
