//! The running side: a row going in, the kernel's answer coming out.
//!
//! Nothing here is allocated per record, and no callback is made per field.

use std::ffi::c_void;

use abi_stable::StableAbi;

/// Where a declared column lies in the rows of this file.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Byte offset in a row, or `u32::MAX` if the file lacks the column.
    pub offset: u32,
    /// Byte offset of the null bit, or `u32::MAX` if the column is never null.
    pub null_offset: u32,
    /// Mask of a boolean's bit.
    pub mask: u8,
    /// Mask of the null bit.
    pub null_mask: u8,
    /// Type of the column in this file; see [`crate::kind`].
    pub kind: u8,
    /// Zero.
    pub reserved: u8,
    /// Bytes of a fixed-width column.
    pub size: u32,
}

/// One row, borrowed from its extent. Numbers are in the host's byte order.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Row {
    /// The row's fixed part.
    pub fixed: *const u8,
    /// The extent's variable part, every offset into it checked; null if it wasn't decoded, and then
    /// only columns that are compared may need it.
    pub pool: *const u8,
}

/// One recorded call, borrowed for the time of its replay.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug)]
pub struct Record {
    /// The columns that the plugin declared, in its order.
    pub slots: *const Slot,
    /// The rows, the first one first.
    pub rows: *const Row,
    /// Number of `slots`.
    pub slot_count: u32,
    /// Number of `rows`, at least 1.
    pub row_count: u32,
    /// The order id of the call.
    pub unique_id: i64,
    /// What the call returned; −1 on failure.
    pub return_value: i64,
    /// The positive errno of a failed call, else 0.
    pub errno_number: i32,
    /// The thread that made it.
    pub task: i32,
    /// What the host wants of the plugin; see [`want`].
    pub wants: u32,
    /// Which memory the program has: the same number for all tasks that share theirs.
    pub memory: u32,
}

/// Bits of [`Record::wants`].
pub mod want {
    /// Hand over what the kernel returned in memory, through [`Host::returned`](super::Host::returned).
    pub const VERIFY: u32 = 1;
    /// Ask for the data to write, through [`Host::payload`](super::Host::payload).
    pub const PATTERN: u32 = 2;
    /// Ask for each path, through [`Host::path`](super::Host::path).
    pub const PATHS: u32 = 4;
    /// The trace is one by the original recorder: expect its defects (trace schema, §8).
    pub const REFERENCE: u32 = 8;
    /// The record says that it lacks data: of a value that is shorter than it was, zeros take the place of the
    /// rest. Since 1.1.
    pub const CUT: u32 = 16;
    /// Take on the program's users and groups, for this thread alone. Since 1.1.
    pub const CREDENTIALS: u32 = 32;
    /// Sockets of the network are real, on the loopback interface: make the calls on them. Since 1.1.
    pub const NETWORK: u32 = 64;
}

/// What the kernel said this time.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What the call returned; −1 on failure.
    pub return_value: i64,
    /// The positive errno of a failed call, else 0.
    pub errno_number: i32,
    /// Zero.
    pub reserved: u32,
}

/// What came of a replay.
pub mod status {
    /// The call was made: the outcome holds.
    pub const MADE: u32 = 0;
    /// Not made: the call is one that a replay doesn't make. The recorded outcome stands.
    pub const SIMULATED: u32 = 1;
    /// Not made: a descriptor of it is simulated.
    pub const SIMULATED_DESCRIPTOR: u32 = 2;
    /// Not made: the trace never said where a descriptor of it came from.
    pub const UNKNOWN_DESCRIPTOR: u32 = 3;
    /// Not made: the trace lacks data that it needs.
    pub const NOT_CAPTURED: u32 = 4;
    /// Not made: it depends on the moment (a signal, or nothing to read yet).
    pub const TIMING: u32 = 5;
    /// The plugin panicked; it has logged the message.
    pub const PANICKED: u32 = 6;
    /// The plugin couldn't read the record; it has logged why.
    pub const MALFORMED: u32 = 7;
    /// Not made: a descriptor of it is a standard stream that the replay doesn't touch.
    pub const STANDARD_STREAM: u32 = 8;
}

/// Answers of [`Host::descriptor`] that aren't descriptors.
pub mod fd {
    /// The descriptor is simulated.
    pub const SIMULATED: i32 = -2;
    /// The trace never introduced it.
    pub const UNKNOWN: i32 = -3;
    /// A standard stream that was there before the trace began and that the replay leaves alone.
    pub const STANDARD_STREAM: i32 = -4;
}

/// Levels of [`Host::log`].
pub mod log {
    /// Something that stopped the plugin.
    pub const ERROR: u32 = 1;
    /// Something that people should know.
    pub const WARNING: u32 = 2;
    /// Something for `-v`.
    pub const INFO: u32 = 3;
}

/// [`Host::create_task`]: the child shares the table of descriptors.
pub const CHILD_SHARES_FILES: u32 = 1;
/// [`Host::create_task`]: the child shares working directory, root and umask.
pub const CHILD_SHARES_FS: u32 = 2;
/// [`Host::create_task`]: the child is a thread of the same process.
pub const CHILD_SHARES_THREAD_GROUP: u32 = 4;
/// [`Host::create_task`]: the child shares memory.
pub const CHILD_SHARES_MEMORY: u32 = 8;

/// [`Host::diverged`]: index of a column that stands for the return value.
pub const DIVERGED: u32 = u32::MAX;

/// What a host does for a plugin while it replays a record.
///
/// All of it acts on the traced process that the record belongs to, which is what `context` names.
/// The memory that a host hands out stays until the replay of the record ends.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = HostRef)))]
#[sabi(missing_field(option))]
pub struct Host {
    /// The descriptor that stands for `traced`, or a value of [`fd`].
    pub descriptor: unsafe extern "C" fn(context: *mut c_void, traced: i32) -> i32,
    /// Non-zero if data moves through `traced` as it comes: a pipe, a socket.
    pub is_stream: unsafe extern "C" fn(context: *mut c_void, traced: i32) -> u32,
    /// `replayed` stands for `traced` from now on; a negative one makes `traced` simulated.
    pub adopt: unsafe extern "C" fn(context: *mut c_void, traced: i32, replayed: i32),
    /// Forgets `traced` and answers as [`Host::descriptor`] did; closing it is the plugin's.
    pub release: unsafe extern "C" fn(context: *mut c_void, traced: i32) -> i32,
    /// Makes `new` another name of what `old` stands for, without a call.
    pub alias: unsafe extern "C" fn(context: *mut c_void, old: i32, new: i32),
    /// Writable, page-aligned memory of `length` bytes for the pointer argument `index`; null if
    /// there is none to be had.
    pub scratch: unsafe extern "C" fn(context: *mut c_void, index: u32, length: u64) -> *mut u8,
    /// What the kernel filled in for fetch `fetch`; items, as [`Fetched`] describes them, if it is of
    /// strings or vectors.
    pub returned:
        unsafe extern "C" fn(context: *mut c_void, fetch: u32, start: *const u8, length: u64),
    /// The `length` bytes to write in place of `recorded`.
    pub payload:
        unsafe extern "C" fn(context: *mut c_void, recorded: *const u8, length: u64) -> *const u8,
    /// The path to use for `recorded`, both with a NUL at their end; `length` counts it. Null if it leads
    /// nowhere in this replay.
    pub path:
        unsafe extern "C" fn(context: *mut c_void, recorded: *const u8, length: u64) -> *const u8,
    /// Four words of the plugin's own that stay with the descriptor until it is closed; null if the
    /// descriptor is unknown.
    pub note: unsafe extern "C" fn(context: *mut c_void, traced: i32) -> *mut u64,
    /// A new process or thread starts with what `shares` says in common with this one.
    pub create_task: unsafe extern "C" fn(context: *mut c_void, task: i32, shares: u32),
    /// The process runs a new program: descriptors marked close-on-exec go.
    pub execute: unsafe extern "C" fn(context: *mut c_void),
    /// The thread ends, or with `whole` non-zero all threads of its process.
    pub exit: unsafe extern "C" fn(context: *mut c_void, whole: u32),
    /// A difference that the plugin found itself: the column's index, or [`DIVERGED`] for the return
    /// value, and both values as text.
    pub diverged: unsafe extern "C" fn(
        context: *mut c_void,
        column: u32,
        expected: *const u8,
        expected_length: u64,
        got: *const u8,
        got_length: u64,
    ),
    /// The process no longer has what `shares` says in common with others.
    pub unshare: unsafe extern "C" fn(context: *mut c_void, shares: u32),
    /// From now on the whole replay knows `value` by `name`: what plugins tell one another. A null value is
    /// none.
    pub remember: unsafe extern "C" fn(
        context: *mut c_void,
        name: *const u8,
        name_length: u64,
        value: *const u8,
        value_length: u64,
    ),
    /// The value that is known by `name`, and its length; null if there is none.
    pub recall: unsafe extern "C" fn(
        context: *mut c_void,
        name: *const u8,
        name_length: u64,
        value_length: *mut u64,
    ) -> *const u8,
    /// A message; see [`log`].
    #[sabi(last_prefix_field)]
    pub log: unsafe extern "C" fn(context: *mut c_void, level: u32, text: *const u8, length: u64),
    /// A new descriptor of this process, marked close-on-exec, for what stands for `traced` in the process of
    /// task `task`; or a value of [`fd`]. Since 1.1.
    pub descriptor_of: unsafe extern "C" fn(context: *mut c_void, task: i32, traced: i32) -> i32,
    /// Sees to it that the socket `traced` of the network is ready to be read, for a call that found it so: somebody
    /// who stands for one outside the trace connects to it if it listens, or sends what the next call takes from
    /// it. Non-zero if somebody does. Since 1.1.
    pub expect: unsafe extern "C" fn(context: *mut c_void, traced: i32) -> u32,
    /// The port at 127.0.0.1 where somebody who stands for one outside the trace waits for one connection; 0 if
    /// there is nobody. Since 1.1.
    pub counterpart: unsafe extern "C" fn(context: *mut c_void) -> u32,
}

/// A captured call, for [`crate::Call::encode`].
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct Event {
    /// The arguments, as the registers held them.
    pub arguments: [u64; 6],
    /// What the call returned; −1 on failure.
    pub return_value: i64,
    /// The positive errno of a failed call, else 0.
    pub errno_number: i32,
    /// Non-zero if the call returned.
    pub returned: u32,
    /// The declared fetches, in their order.
    pub fetched: *const Fetched,
    /// Number of `fetched`.
    pub fetched_count: u32,
    /// Kernel number of the call.
    pub number: u32,
}

/// Memory of the program as it was copied.
///
/// Strings, vectors and structures come as a sequence of items, each a header of three words (address,
/// length as the program gave it, bytes that follow), the structure if it is one, and the bytes.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct Fetched {
    /// First byte; null if nothing was copied.
    pub start: *const u8,
    /// Length in bytes.
    pub length: u64,
    /// Non-zero if it should have been copied and couldn't be.
    pub failed: u32,
    /// Zero.
    pub reserved: u32,
}

/// Where [`crate::Call::encode`] puts rows. Columns are numbered as declared; a column that isn't set
/// is null, or zero if it can't be.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct RowSink {
    /// Names the sink to its functions.
    pub context: *mut c_void,
    /// Starts the next row. `complete` is zero for rows that are written before the call returned.
    pub row: unsafe extern "C" fn(context: *mut c_void, complete: u32),
    /// Sets an integer or boolean column of the current row.
    pub number: unsafe extern "C" fn(context: *mut c_void, column: u32, value: i64),
    /// Sets a column of bytes of the current row.
    pub bytes:
        unsafe extern "C" fn(context: *mut c_void, column: u32, start: *const u8, length: u64),
}
