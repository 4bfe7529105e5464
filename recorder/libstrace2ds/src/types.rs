//! What crosses between the host and the library. Structures that may grow do so at their end and begin with
//! their size.

use std::ffi::{c_char, c_void};

/// How a call of the library went.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum strace2ds_status {
    /// As asked.
    STRACE2DS_OK = 0,
    /// An argument is null, or makes no sense, or a column can't hold its value.
    STRACE2DS_ARGUMENT = 1,
    /// The plugins can't be used.
    STRACE2DS_PLUGINS = 2,
    /// The trace can't be written.
    STRACE2DS_FILE = 3,
    /// No enabled plugin has the call.
    STRACE2DS_NOT_RECORDED = 4,
    /// The call's records have no such column.
    STRACE2DS_NO_COLUMN = 5,
    /// The task is in a call already, or in none; or the trace is closed.
    STRACE2DS_STATE = 6,
    /// The library broke down; the trace can only be closed.
    STRACE2DS_PANIC = 7,
}

/// Reads up to `length` bytes of the program's memory at `address` into `buffer`; returns how many.
pub type strace2ds_read = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        address: u64,
        buffer: *mut c_void,
        length: usize,
    ) -> usize,
>;

/// How a trace is to be made. Zero everything, set `size`, then what is to differ.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct strace2ds_options {
    /// `sizeof(strace2ds_options)`.
    pub size: usize,
    /// Folders of plugins, with colons between them; null for those that are found by themselves.
    pub plugins: *const c_char,
    /// The manifest; null for the one that is found by itself.
    pub manifest: *const c_char,
    /// `none`, `lz4`, `snappy`, `lzf`, `zlib` or `bz2`; null for `lz4`.
    pub codec: *const c_char,
    /// Name and version of the tracer, for the trace to tell; or null.
    pub tracer: *const c_char,
    /// The program's first task, if it is there and hasn't run yet: its directory, umask and descriptors are
    /// recorded. 0 if not.
    pub first_task: i32,
}

/// Memory of the program.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct strace2ds_memory {
    /// Where the program has it.
    pub address: u64,
    /// The bytes.
    pub bytes: *const c_void,
    /// How many there are.
    pub length: usize,
    /// When they are there: `STRACE2DS_ALWAYS`, `STRACE2DS_BEFORE` or `STRACE2DS_AFTER`.
    pub moment: u32,
}

/// Memory that is as told before the call and after it.
pub const STRACE2DS_ALWAYS: u32 = 0;
/// Memory as it is when the call is entered.
pub const STRACE2DS_BEFORE: u32 = 1;
/// Memory as it is when the call has returned.
pub const STRACE2DS_AFTER: u32 = 2;

/// A column's value, in place of what the plugin would make of arguments and memory.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct strace2ds_field {
    /// The column's name.
    pub name: *const c_char,
    /// Which of the following holds the value: `STRACE2DS_NUMBER` or `STRACE2DS_BYTES`.
    pub kind: u32,
    /// The number.
    pub number: i64,
    /// The bytes. Strings of C have their NUL among them.
    pub bytes: *const c_void,
    /// How many there are.
    pub length: usize,
}

/// A column's value is a number or a truth value.
pub const STRACE2DS_NUMBER: u32 = 0;
/// A column's value is bytes.
pub const STRACE2DS_BYTES: u32 = 1;

/// A call that is known as a whole. Zero everything, set `size`, then what is known.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct strace2ds_record {
    /// `sizeof(strace2ds_record)`.
    pub size: usize,
    /// The call's name in the kernel; or null, and `number` says it.
    pub name: *const c_char,
    /// The call's number.
    pub number: u32,
    /// The thread that made it.
    pub task: i32,
    /// Order ids of entry and exit, each given once and ascending; both 0: the next ones.
    pub called_id: i64,
    /// See `called_id`.
    pub returned_id: i64,
    /// When it was entered, in nanoseconds since the epoch; negative if that isn't known.
    pub time_called: i64,
    /// When it returned.
    pub time_returned: i64,
    /// Not zero if it returned at all.
    pub returned: i32,
    /// The positive errno of a call that failed; else 0.
    pub errno_number: i32,
    /// What it returned.
    pub return_value: i64,
    /// The arguments. Pointers may be made up, as long as they fit `memory`.
    pub arguments: [u64; 6],
    /// Memory that the arguments point to.
    pub memory: *const strace2ds_memory,
    /// How many pieces of it there are.
    pub memory_count: usize,
    /// Columns whose values are given.
    pub fields: *const strace2ds_field,
    /// How many there are.
    pub field_count: usize,
}

/// Reads a structure of which the host may know a shorter version than ours.
///
/// # Safety
/// `given` is null or has as many bytes as the number at its beginning says; all bytes zero are a `T`.
unsafe fn sized<T: Copy>(given: *const T) -> Option<T> {
    if given.is_null() {
        return None;
    }
    // SAFETY: the size stands first, and is there whatever it says.
    let size = unsafe { given.cast::<usize>().read_unaligned() };
    if size < size_of::<usize>() || size > size_of::<T>() {
        return None;
    }
    // SAFETY: the caller vouches for zeros.
    let mut read: T = unsafe { std::mem::zeroed() };
    // SAFETY: the caller vouches for `size` bytes, which our own has room for.
    unsafe {
        std::ptr::copy_nonoverlapping(given.cast::<u8>(), (&raw mut read).cast::<u8>(), size);
    }
    Some(read)
}

impl strace2ds_options {
    /// What is behind `given`; without it, nothing is set.
    ///
    /// # Safety
    /// See [`sized`].
    pub unsafe fn read(given: *const Self) -> Option<Self> {
        let none = Self {
            size: size_of::<Self>(),
            plugins: std::ptr::null(),
            manifest: std::ptr::null(),
            codec: std::ptr::null(),
            tracer: std::ptr::null(),
            first_task: 0,
        };
        // SAFETY: the caller vouches for it; null pointers and 0 are zeros.
        if given.is_null() { Some(none) } else { unsafe { sized(given) } }
    }
}

impl strace2ds_record {
    /// What is behind `given`.
    ///
    /// # Safety
    /// See [`sized`].
    pub unsafe fn read(given: *const Self) -> Option<Self> {
        // SAFETY: the caller vouches for it; all of its parts may be zero.
        unsafe { sized(given) }
    }
}
