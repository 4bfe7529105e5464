//! `libstrace2ds`: lets a tracer write the system calls that it stops into a DataSeries file.
//!
//! A tracer calls [`strace2ds_enter`] and [`strace2ds_exit`] from its hooks and lends its way to read the
//! program's memory; what is read, the plugin of the call says. Records that are known as a whole are written
//! with [`strace2ds_write`]. `include/strace2ds.h` is made of this crate, and `docs/strace.md` tells its use.
//!
//! Nothing of it ends the host: panics are caught, and become an error of the trace. A trace may be used by
//! several threads at once.

#![allow(non_camel_case_types, reason = "the names are C's")]

mod lent;
mod types;

use std::cell::RefCell;
use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use recorder::event::{TaskEnd, UNKNOWN_TIME};
use recorder::feed::{Feed, FeedError, Options, number_of};
use replay_core::registry::{FOLDERS_VARIABLE, PluginOptions};

use crate::lent::{Lent, Pieces, record};
pub use crate::types::*;

/// A trace that is being written, or was.
pub struct strace2ds_trace {
    feed: Mutex<Option<Box<Feed>>>,
}

/// What is left of traces that are closed: some words of each, so that whoever uses one still is told. They
/// are listed here for those who look for memory that nobody has any more.
static CLOSED: Mutex<Vec<Shell>> = Mutex::new(Vec::new());

struct Shell(#[expect(dead_code, reason = "nothing is done with it")] *mut strace2ds_trace);

// SAFETY: nothing is done with it.
unsafe impl Send for Shell {}

thread_local! {
    static MESSAGE: RefCell<CString> = RefCell::default();
}

/// What a failed call says for people.
type Refused = (strace2ds_status, String);

fn refused(status: strace2ds_status, error: impl ToString) -> Refused {
    (status, error.to_string())
}

impl From<FeedError> for strace2ds_status {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::Registry(_) | FeedError::Plan(_) => Self::STRACE2DS_PLUGINS,
            FeedError::Sink(_) => Self::STRACE2DS_FILE,
            FeedError::NotRecorded(_) => Self::STRACE2DS_NOT_RECORDED,
            FeedError::NoColumn { .. } => Self::STRACE2DS_NO_COLUMN,
            FeedError::Value { .. } | FeedError::Ids { .. } => Self::STRACE2DS_ARGUMENT,
            FeedError::State { .. } => Self::STRACE2DS_STATE,
        }
    }
}

fn feed_refused(error: FeedError) -> Refused {
    let message = error.to_string();
    (error.into(), message)
}

/// Runs `body`, and keeps what it says if it fails or panics.
fn guarded(body: impl FnOnce() -> Result<(), Refused>) -> strace2ds_status {
    let (status, message) = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return strace2ds_status::STRACE2DS_OK,
        Ok(Err(refused)) => refused,
        Err(_) => (strace2ds_status::STRACE2DS_PANIC, "the library broke down".to_owned()),
    };
    let message = CString::new(message.replace('\0', " ")).unwrap_or_default();
    MESSAGE.set(message);
    status
}

/// Runs `body` on the feed of `trace`.
///
/// # Safety
/// `trace` is null or comes from [`strace2ds_create`].
unsafe fn with_feed(
    trace: *const strace2ds_trace,
    body: impl FnOnce(&mut Feed) -> Result<(), Refused>,
) -> strace2ds_status {
    guarded(|| {
        // SAFETY: the caller vouches for it.
        let trace = unsafe { trace.as_ref() };
        let Some(trace) = trace else {
            return Err(refused(strace2ds_status::STRACE2DS_ARGUMENT, "the trace is null"));
        };
        // A thread that broke down in here left a feed that can't be trusted.
        let Ok(mut feed) = trace.feed.lock() else {
            let message = "the trace is broken by an earlier failure";
            return Err(refused(strace2ds_status::STRACE2DS_PANIC, message));
        };
        match &mut *feed {
            Some(feed) => body(feed),
            None => Err(refused(strace2ds_status::STRACE2DS_STATE, IS_CLOSED)),
        }
    })
}

const IS_CLOSED: &str = "the trace is closed";

/// The bytes of a C string; none if it is null.
///
/// # Safety
/// `text` is null or points to a string that ends in NUL and stays for the call.
unsafe fn text<'a>(text: *const c_char) -> Option<&'a OsStr> {
    // SAFETY: the caller vouches for it.
    (!text.is_null()).then(|| OsStr::from_bytes(unsafe { CStr::from_ptr(text) }.to_bytes()))
}

/// Creates the trace `path`. `options` may be null. On success `*trace` is to be closed with
/// `strace2ds_close`.
///
/// # Safety
/// `path` is a string; `options` is null or has what its `size` says; `trace` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strace2ds_create(
    path: *const c_char,
    options: *const strace2ds_options,
    trace: *mut *mut strace2ds_trace,
) -> strace2ds_status {
    guarded(|| {
        let argument = |what| refused(strace2ds_status::STRACE2DS_ARGUMENT, what);
        if trace.is_null() {
            return Err(argument("there is no place for the trace"));
        }
        // SAFETY: the caller vouches for the strings and the options.
        let (path, given) = unsafe { (text(path), strace2ds_options::read(options)) };
        let path = path.ok_or_else(|| argument("the path is null"))?;
        let given = given.ok_or_else(|| argument("the options' size is wrong"))?;
        // SAFETY: as above.
        let [plugins, manifest, codec, tracer] =
            [given.plugins, given.manifest, given.codec, given.tracer].map(|t| unsafe { text(t) });
        let codec = codec.map_or(Ok(dataseries::Codec::Lz4), |codec| {
            let name = codec.to_string_lossy();
            name.parse().map_err(|_| argument("the codec has no such name"))
        })?;
        let by_environment = std::env::var_os(FOLDERS_VARIABLE);
        let folders = plugins.or(by_environment.as_deref());
        let folders = folders.map(|folders| std::env::split_paths(folders).collect());
        let options = Options {
            output: PathBuf::from(path),
            plugins: PluginOptions {
                plugins: folders.unwrap_or_default(),
                manifest: manifest.map(PathBuf::from),
                ..PluginOptions::default()
            },
            codec,
            tracer: tracer.map_or("libstrace2ds".into(), OsStr::to_string_lossy).into_owned(),
            first: (given.first_task > 0).then_some(given.first_task),
        };
        let feed = Feed::create(&options).map_err(feed_refused)?;
        let made = Box::new(strace2ds_trace { feed: Mutex::new(Some(Box::new(feed))) });
        // SAFETY: the caller vouches for the place.
        unsafe { trace.write(Box::into_raw(made)) };
        Ok(())
    })
}

/// The number that the kernel of this machine has for call `name`, or -1.
///
/// # Safety
/// `name` is null or a string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strace2ds_number(name: *const c_char) -> c_int {
    let mut number = -1;
    let status = guarded(|| {
        // SAFETY: the caller vouches for it.
        let name = unsafe { text(name) }.and_then(OsStr::to_str);
        number = name.and_then(number_of).map_or(-1, |number| number as c_int);
        Ok(())
    });
    if status == strace2ds_status::STRACE2DS_OK { number } else { -1 }
}

/// Task `task` of process `process` is there, made by process `parent` (0 if that isn't known). A task that
/// isn't told of begins with its first call, as a process of its own.
///
/// # Safety
/// `trace` comes from `strace2ds_create`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strace2ds_task(
    trace: *mut strace2ds_trace,
    task: i32,
    process: i32,
    parent: i32,
) -> strace2ds_status {
    let began = |feed: &mut Feed| {
        feed.began(task, process, (parent > 0).then_some(parent));
        Ok(())
    };
    // SAFETY: the caller vouches for it.
    unsafe { with_feed(trace, began) }
}

/// Task `task` enters call `number` with `arguments` at address `instruction` (0 if that isn't known), at
/// `time` nanoseconds since the epoch (a negative number if that isn't known). What the program passes in
/// memory is read with `read`, before this returns. Call it at each call's entry; those that no plugin has are
/// counted.
///
/// # Safety
/// `trace` comes from `strace2ds_create`; there are six arguments; `read` fills no more than
/// it is asked to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strace2ds_enter(
    trace: *mut strace2ds_trace,
    task: i32,
    number: u32,
    arguments: *const u64,
    instruction: u64,
    time: i64,
    read: strace2ds_read,
    context: *mut c_void,
) -> strace2ds_status {
    let enter = |feed: &mut Feed| {
        if arguments.is_null() {
            let message = "the arguments are null";
            return Err(refused(strace2ds_status::STRACE2DS_ARGUMENT, message));
        }
        // SAFETY: the caller vouches for six arguments.
        let arguments = unsafe { arguments.cast::<[u64; 6]>().read_unaligned() };
        let memory = Lent::new(read, context);
        feed.enter(task, number, arguments, instruction, known(time), &memory).map_err(feed_refused)
    };
    // SAFETY: the caller vouches for it.
    unsafe { with_feed(trace, enter) }
}

/// The call that task `task` is in returns `return_value`, or fails with the positive `errno_number` (0 if it
/// succeeds). The kernel's own, by which it restarts calls (512 to 516), are to be given too.
///
/// # Safety
/// As `strace2ds_enter`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strace2ds_exit(
    trace: *mut strace2ds_trace,
    task: i32,
    return_value: i64,
    errno_number: i32,
    time: i64,
    read: strace2ds_read,
    context: *mut c_void,
) -> strace2ds_status {
    let exit = |feed: &mut Feed| {
        let memory = Lent::new(read, context);
        feed.exit(task, return_value, errno_number, known(time), &memory).map_err(feed_refused)
    };
    // SAFETY: the caller vouches for it.
    unsafe { with_feed(trace, exit) }
}

/// Task `task` has ended: with exit status `status`, or if `signal` isn't 0 by that signal.
///
/// # Safety
/// `trace` comes from `strace2ds_create`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strace2ds_end(
    trace: *mut strace2ds_trace,
    task: i32,
    status: c_int,
    signal: c_int,
) -> strace2ds_status {
    let ended = |feed: &mut Feed| {
        let end = if signal == 0 { TaskEnd::Status(status) } else { TaskEnd::Signal(signal) };
        feed.ended(task, Some(end));
        Ok(())
    };
    // SAFETY: the caller vouches for it.
    unsafe { with_feed(trace, ended) }
}

/// Writes a record that is known as a whole.
///
/// # Safety
/// `trace` comes from `strace2ds_create`; `record` has what its `size` says, and all that it
/// points to is there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strace2ds_write(
    trace: *mut strace2ds_trace,
    record: *const strace2ds_record,
) -> strace2ds_status {
    let write = |feed: &mut Feed| {
        let argument = |what: &str| refused(strace2ds_status::STRACE2DS_ARGUMENT, what);
        // SAFETY: the caller vouches for the record and what it points to.
        let given = unsafe { strace2ds_record::read(record) };
        let given = given.ok_or_else(|| argument("the record is null or its size is wrong"))?;
        // SAFETY: as above.
        let (pieces, fields) = unsafe { (Pieces::new(&given), record::fields(&given)) };
        let pieces = pieces.ok_or_else(|| argument("a piece of memory is null"))?;
        let fields = fields.map_err(argument)?;
        // SAFETY: as above.
        let name = unsafe { text(given.name) };
        let number = match name.map(|name| name.to_str().and_then(number_of)) {
            None => given.number,
            Some(Some(number)) => number,
            Some(None) => {
                let name = name.unwrap_or_default().display().to_string();
                return Err(feed_refused(FeedError::NotRecorded(name)));
            }
        };
        let whole = record::whole(&given, number, &fields);
        feed.write(&whole, &pieces.before(), &pieces.after()).map_err(feed_refused)
    };
    // SAFETY: the caller vouches for it.
    unsafe { with_feed(trace, write) }
}

/// Ends the trace, writes what is left of it and frees its memory, whatever comes of that. Null is taken. What
/// other threads still do with the trace is done before, or refused.
///
/// # Safety
/// `trace` is null or comes from `strace2ds_create`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strace2ds_close(trace: *mut strace2ds_trace) -> strace2ds_status {
    guarded(|| {
        if trace.is_null() {
            return Ok(());
        }
        // SAFETY: the caller vouches for it; it stays until this process ends.
        let open = unsafe { &*trace };
        let feed = match open.feed.lock() {
            Ok(mut feed) => feed.take(),
            Err(poisoned) => {
                drop(poisoned.into_inner().take());
                open.feed.clear_poison();
                let message = "the trace is broken by an earlier failure";
                return Err(refused(strace2ds_status::STRACE2DS_PANIC, message));
            }
        };
        let Some(feed) = feed else {
            return Err(refused(strace2ds_status::STRACE2DS_STATE, IS_CLOSED));
        };
        CLOSED.lock().unwrap_or_else(PoisonError::into_inner).push(Shell(trace));
        feed.close().map(drop).map_err(feed_refused)
    })
}

/// What the last call of this thread that failed says for people. It stays until the next one that fails.
#[unsafe(no_mangle)]
pub extern "C" fn strace2ds_message() -> *const c_char {
    MESSAGE.with_borrow(|message| message.as_ptr())
}

fn known(time: i64) -> i64 {
    if time < 0 { UNKNOWN_TIME } else { time }
}
