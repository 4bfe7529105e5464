//! The host that a stage is for its plugin: what it is asked for, and what it keeps of that.

use std::collections::HashMap;
use std::ffi::c_void;
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;

use abi::abi_stable::prefix_type::PrefixTypeTrait;
use abi::{Host, HostRef, fd};

/// What a plugin did with its process.
#[derive(Default)]
pub(super) struct Acts {
    pub(super) descriptors: HashMap<i32, Option<OwnedFd>>,
    pub(super) scratch: HashMap<u32, Vec<u8>>,
    pub(super) notes: HashMap<i32, Box<[u64; 4]>>,
    pub(super) returned: Vec<(u32, Vec<u8>)>,
    pub(super) tasks: Vec<(i32, u32)>,
    pub(super) diverged: Vec<(u32, String, String)>,
    pub(super) log: Vec<String>,
    pub(super) known: HashMap<Vec<u8>, Vec<u8>>,
    /// What other tasks have, by task and traced number.
    pub(super) of_others: HashMap<(i32, i32), OwnedFd>,
    pub(super) executed: bool,
    pub(super) unshared: u32,
    pub(super) exited: Option<bool>,
}

pub(super) fn host() -> HostRef {
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
    .leak_into_prefix()
}

/// The stage that a host function was called for.
unsafe fn acts<'a>(context: *mut c_void) -> &'a mut Acts {
    // SAFETY: `Stage::replay` passes its `Acts` as context, and the functions run one at a time.
    unsafe { &mut *context.cast() }
}

pub(super) unsafe fn bytes<'a>(start: *const u8, length: u64) -> &'a [u8] {
    if length == 0 {
        return &[];
    }
    // SAFETY: `Process` passes a slice's own pointer and length.
    unsafe { std::slice::from_raw_parts(start, length as usize) }
}

unsafe extern "C" fn descriptor(context: *mut c_void, traced: i32) -> i32 {
    // SAFETY: as `acts` says.
    match unsafe { acts(context) }.descriptors.get(&traced) {
        Some(Some(open)) => open.as_raw_fd(),
        Some(None) => fd::SIMULATED,
        None if (0..=2).contains(&traced) => fd::STANDARD_STREAM,
        None => fd::UNKNOWN,
    }
}

unsafe extern "C" fn descriptor_of(context: *mut c_void, task: i32, traced: i32) -> i32 {
    // SAFETY: as `acts` says.
    let acts = unsafe { acts(context) };
    match acts.of_others.get(&(task, traced)) {
        Some(open) => open.try_clone().expect("it can be duplicated").into_raw_fd(),
        None if acts.of_others.keys().any(|(other, _)| *other == task) => fd::UNKNOWN,
        None => fd::SIMULATED,
    }
}

/// Nobody stands for others on a stage.
unsafe extern "C" fn expect(_context: *mut c_void, _traced: i32) -> u32 {
    0
}

unsafe extern "C" fn counterpart(_context: *mut c_void) -> u32 {
    0
}

unsafe extern "C" fn is_stream(context: *mut c_void, traced: i32) -> u32 {
    // SAFETY: as `acts` says.
    let open = unsafe { acts(context) }.descriptors.get(&traced).and_then(Option::as_ref);
    let kind = open.and_then(|open| {
        std::fs::metadata(format!("/proc/self/fd/{}", open.as_raw_fd())).ok().map(|m| m.file_type())
    });
    kind.is_some_and(|kind| kind.is_fifo() || kind.is_socket()).into()
}

unsafe extern "C" fn adopt(context: *mut c_void, traced: i32, replayed: i32) {
    // SAFETY: an adopted descriptor is the plugin's to give away.
    let open = (replayed >= 0).then(|| unsafe { OwnedFd::from_raw_fd(replayed) });
    if traced >= 0 {
        // SAFETY: as `acts` says.
        unsafe { acts(context) }.descriptors.insert(traced, open);
    }
}

unsafe extern "C" fn release(context: *mut c_void, traced: i32) -> i32 {
    // SAFETY: as `acts` says.
    match unsafe { acts(context) }.descriptors.remove(&traced) {
        Some(Some(open)) => open.into_raw_fd(),
        Some(None) => fd::SIMULATED,
        None if (0..=2).contains(&traced) => fd::STANDARD_STREAM,
        None => fd::UNKNOWN,
    }
}

unsafe extern "C" fn alias(context: *mut c_void, old: i32, new: i32) {
    // SAFETY: as `acts` says.
    let acts = unsafe { acts(context) };
    let open = acts.descriptors.get(&old).and_then(Option::as_ref);
    let open = open.map(|open| open.try_clone().expect("an open descriptor can be duplicated"));
    acts.descriptors.insert(new, open);
}

unsafe extern "C" fn scratch(context: *mut c_void, index: u32, length: u64) -> *mut u8 {
    // SAFETY: as `acts` says.
    let memory = unsafe { acts(context) }.scratch.entry(index).or_default();
    memory.resize(length as usize, 0);
    memory.as_mut_ptr()
}

unsafe extern "C" fn returned(context: *mut c_void, fetch: u32, start: *const u8, length: u64) {
    // SAFETY: as `acts` and `bytes` say.
    unsafe { acts(context).returned.push((fetch, bytes(start, length).to_vec())) };
}

unsafe extern "C" fn payload(
    _context: *mut c_void,
    recorded: *const u8,
    _length: u64,
) -> *const u8 {
    recorded
}

unsafe extern "C" fn path(_context: *mut c_void, recorded: *const u8, _length: u64) -> *const u8 {
    recorded
}

unsafe extern "C" fn note(context: *mut c_void, traced: i32) -> *mut u64 {
    // SAFETY: as `acts` says.
    let acts = unsafe { acts(context) };
    if !acts.descriptors.contains_key(&traced) {
        return std::ptr::null_mut();
    }
    acts.notes.entry(traced).or_default().as_mut_ptr()
}

unsafe extern "C" fn create_task(context: *mut c_void, task: i32, shares: u32) {
    // SAFETY: as `acts` says.
    unsafe { acts(context) }.tasks.push((task, shares));
}

unsafe extern "C" fn execute(context: *mut c_void) {
    // SAFETY: as `acts` says.
    unsafe { acts(context) }.executed = true;
}

unsafe extern "C" fn exit(context: *mut c_void, whole: u32) {
    // SAFETY: as `acts` says.
    unsafe { acts(context) }.exited = Some(whole != 0);
}

unsafe extern "C" fn diverged(
    context: *mut c_void,
    column: u32,
    expected: *const u8,
    expected_length: u64,
    got: *const u8,
    got_length: u64,
) {
    // SAFETY: as `acts` and `bytes` say.
    let (acts, expected, got) =
        unsafe { (acts(context), bytes(expected, expected_length), bytes(got, got_length)) };
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    acts.diverged.push((column, text(expected), text(got)));
}

unsafe extern "C" fn unshare(context: *mut c_void, shares: u32) {
    // SAFETY: as `acts` says.
    unsafe { acts(context) }.unshared |= shares;
}

unsafe extern "C" fn remember(
    context: *mut c_void,
    name: *const u8,
    name_length: u64,
    value: *const u8,
    value_length: u64,
) {
    // SAFETY: as `acts` and `bytes` say.
    let (acts, name) = unsafe { (acts(context), bytes(name, name_length)) };
    if value.is_null() {
        acts.known.remove(name);
    } else {
        // SAFETY: as `bytes` says.
        acts.known.insert(name.to_vec(), unsafe { bytes(value, value_length) }.to_vec());
    }
}

unsafe extern "C" fn recall(
    context: *mut c_void,
    name: *const u8,
    name_length: u64,
    value_length: *mut u64,
) -> *const u8 {
    // SAFETY: as `acts` and `bytes` say.
    let (acts, name) = unsafe { (acts(context), bytes(name, name_length)) };
    let Some(value) = acts.known.get(name).cloned() else { return std::ptr::null() };
    // SAFETY: the process gives room for a number.
    unsafe { value_length.write(value.len() as u64) };
    // A test may keep what it was told once.
    value.leak().as_ptr()
}

unsafe extern "C" fn log(context: *mut c_void, _level: u32, text: *const u8, length: u64) {
    // SAFETY: as `acts` and `bytes` say.
    let (acts, text) = unsafe { (acts(context), bytes(text, length)) };
    acts.log.push(String::from_utf8_lossy(text).into_owned());
}
