//! The functions that a plugin calls: what the replayer does for it.

use std::ffi::c_void;
use std::sync::PoisonError;

use abi::Host;

use crate::misdeed::Misdeed;
use crate::own_memory;
use crate::replay::descriptors::{Stands, answer, flags, is_stream as is_stream_itself};
use crate::replay::host::{Child, Context, Filled};
use crate::replay::proc::Proc;
use crate::verify::Divergence;

/// All of them.
pub fn host() -> Host {
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
    let is_open = replayed >= 0 && (context.is_stock || flags(replayed).is_some());
    if replayed >= 0 && !is_open {
        context.acts.add().misdeed.get_or_insert(Misdeed::NotOpen(replayed));
    }
    let stands = if is_open { Stands::Open(replayed) } else { Stands::Simulated };
    context.acts.add().simulated = (!is_open).then_some(traced);
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
        context.acts.add().simulated = Some(new);
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
        context.acts.add().misdeed.get_or_insert(Misdeed::Fetch { number: fetch, count });
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
        context.acts.add().misdeed.get_or_insert(misdeed);
        Filled::Nothing
    };
}

unsafe extern "C" fn payload(context: *mut c_void, recorded: *const u8, length: u64) -> *const u8 {
    // SAFETY: as `of` says.
    let context = unsafe { of(context) };
    let Some(pattern) = &context.wants.pattern else { return recorded };
    if length > own_memory::MOST {
        let misdeed = Misdeed::Dangling { start: recorded.addr(), length };
        context.acts.add().misdeed.get_or_insert(misdeed);
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
    unsafe { of(context) }.acts.add().child = Some(Child { id: task, shares });
}

unsafe extern "C" fn execute(context: *mut c_void) {
    // SAFETY: as `of` says.
    unsafe { of(context) }.acts.add().executed = true;
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
        context.acts.add().misdeed.get_or_insert(Misdeed::Column { number: column, count });
    }
    let column = columns.into_iter().nth(column as usize);
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    context.acts.add().divergences.push(Divergence {
        column: column.map_or("return_value", |column| &column.name).to_owned(),
        expected: text(expected),
        got: text(got),
    });
}

unsafe extern "C" fn unshare(context: *mut c_void, shares: u32) {
    // SAFETY: as `of` says.
    unsafe { of(context) }.acts.add().unshared |= shares;
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
    context.acts.add().messages.push((level, String::from_utf8_lossy(text).into_owned()));
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
