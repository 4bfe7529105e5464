//! What a plugin knows of its system calls, as data.
//!
//! A host reads all of it once, when it loads the plugin, and turns it into types of its own. The
//! memory belongs to the plugin and stays for the life of the process.

use std::ffi::c_void;
use std::marker::PhantomData;

use abi_stable::StableAbi;

use crate::options::{OptionDeclaration, OptionValue};
use crate::running::{Event, HostRef, Outcome, Record, RowSink};

/// UTF-8 text that lives as long as the plugin.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct Text {
    /// First byte; may be dangling when `length` is 0.
    pub start: *const u8,
    /// Length in bytes.
    pub length: usize,
}

impl Text {
    /// `text`, for the other side.
    pub const fn new(text: &'static str) -> Self {
        Self { start: text.as_ptr(), length: text.len() }
    }

    /// The bytes, from the other side.
    ///
    /// # Safety
    /// `start` and `length` describe memory that stays readable and unchanged.
    pub const unsafe fn bytes(self) -> &'static [u8] {
        if self.length == 0 || self.start.is_null() {
            return &[];
        }
        // SAFETY: the caller vouches for the memory.
        unsafe { std::slice::from_raw_parts(self.start, self.length) }
    }
}

/// A list of `T` that lives as long as the plugin.
#[repr(C)]
#[derive(StableAbi)]
pub struct List<T> {
    /// First item; may be dangling when `count` is 0.
    pub start: *const T,
    /// Number of items.
    pub count: usize,
    items: PhantomData<T>,
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<T> {}

impl<T> List<T> {
    /// `items`, for the other side.
    pub const fn new(items: &'static [T]) -> Self {
        Self { start: items.as_ptr(), count: items.len(), items: PhantomData }
    }

    /// The items, from the other side.
    ///
    /// # Safety
    /// `start` and `count` describe valid items in memory that stays readable and unchanged.
    pub const unsafe fn items(self) -> &'static [T] {
        if self.count == 0 || self.start.is_null() {
            return &[];
        }
        // SAFETY: the caller vouches for the memory.
        unsafe { std::slice::from_raw_parts(self.start, self.count) }
    }
}

// SAFETY: a list is a shared slice in all but name; it owns nothing and changes nothing.
unsafe impl<T: Sync> Sync for List<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Send for List<T> {}
// SAFETY: a text is a shared `&'static str` in all but name.
unsafe impl Sync for Text {}
// SAFETY: as above.
unsafe impl Send for Text {}

/// The root of a plugin.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = ModuleRef)))]
#[sabi(missing_field(option))]
pub struct Module {
    /// The calls of this plugin; the same list each time.
    #[sabi(last_prefix_field)]
    pub calls: extern "C" fn() -> List<CallRef>,
    /// What people may set of it; the same list each time. Since 1.1.
    pub options: extern "C" fn() -> List<OptionDeclaration>,
    /// Takes the options' values, in the order of their declaration, once before the first call is replayed
    /// or captured. The texts in it stay for the life of the process. Since 1.1.
    pub configure: unsafe extern "C" fn(values: List<OptionValue>),
    /// Why a call of this plugin last panicked on this thread: writes at most `room` bytes of UTF-8 to
    /// `text`, and returns how many. Since ABI 1.1.
    pub last_words: unsafe extern "C" fn(text: *mut u8, room: u64) -> u64,
}

/// One record type: its columns, how they are captured, and how a record is replayed.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = CallRef)))]
#[sabi(missing_field(option))]
pub struct Call {
    /// Name of the extent without the common prefix, as `pread`.
    pub extent: Text,
    /// Kernel names of the system calls that are recorded here, as `pread64`; none if other things
    /// than calls are.
    pub syscalls: List<Text>,
    /// Call-specific columns, in the order in which the plugin's rows index them.
    pub columns: List<Column>,
    /// Memory that a recorder copies from the program.
    pub fetches: List<Fetch>,
    /// How further rows follow the first one.
    pub rows: RowRule,
    /// What the return value is; see [`returns`].
    pub returns: u32,
    /// When it is that, evaluated on the recorded arguments; it is a number otherwise.
    pub returns_when: Condition,
    /// Non-zero: the row is written, and its order id taken, when the call is entered.
    pub at_entry: u32,
    /// What the record that a recorder makes up before all others says, if it is of this type; see
    /// [`start`].
    pub start: u32,
    /// Non-zero: the call can wait for what another process does (the other end of a pipe, a lock).
    pub blocks: u32,
    /// Non-zero: the call tells or sets which CPUs a task may use, which a recorder may have narrowed.
    pub cpus: u32,
    /// When the call only looks: it changes no file and no name. Evaluated on the recorded arguments.
    pub looks: Condition,
    /// Non-zero: the call changes the working directory, the root or the umask.
    pub changes_fs: u32,
    /// Non-zero: the call leaves the descriptors that it is on as they are, open and at the same place.
    pub keeps_offset: u32,
    /// Why the call is not made again, or empty if it is.
    pub simulated: Text,
    /// Which of the calls are simulated: all if 0, else as the plugin says; see [`partly`].
    pub partly: u32,
    /// Makes the call again; returns a [`crate::status`].
    pub replay: unsafe extern "C" fn(
        record: *const Record,
        host: HostRef,
        context: *mut c_void,
        outcome: *mut Outcome,
    ) -> u32,
    /// Writes the rows of a captured call where the columns' sources can't say it.
    #[sabi(last_prefix_field)]
    pub encode: Option<unsafe extern "C" fn(event: *const Event, sink: *const RowSink) -> u32>,
    /// Classes that people select calls by, as `network`, beyond those that the columns tell (`file` for
    /// paths, `desc` for descriptors). Since 1.1.
    pub classes: List<Text>,
    /// What the call changes where it does more than look; see [`changes`]. Since 1.1.
    pub changes: u32,
    /// Non-zero: the call may need a right that the program had and a replay lacks, as that to give a file
    /// away. Since 1.1.
    pub privileged: u32,
    /// Why a recorder has the kernel refuse the call (`ENOSYS`) unless it is told to let it through, or
    /// empty if it doesn't. Since 1.1.
    pub refused: Text,
    /// What a recorder doesn't see of the call, or empty: as many of it as the call returns, as
    /// `requests`. Since 1.1.
    pub hides: Text,
    /// What else a recorder must know that the call does: bits of [`effect`]. Since 1.1.
    pub effects: u32,
    /// When it does that; evaluated on the arguments.
    pub effects_when: Condition,
}

/// Values of [`Call::partly`].
pub mod partly {
    /// The plugin makes some of the calls.
    pub const SOME: u32 = 1;
    /// It may do so where the host wants [`want::NETWORK`](crate::want::NETWORK). Since 1.1.
    pub const NETWORK: u32 = 2;
}

/// A column of a record type.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct Column {
    /// Name, as in the trace schema.
    pub name: Text,
    /// Type; see [`kind`].
    pub kind: u32,
    /// Width in bytes if `kind` is [`kind::FIXED_WIDTH`], else 0.
    pub size: u32,
    /// Non-zero if the column can be null.
    pub nullable: u32,
    /// What the value stands for; see [`role`].
    pub role: u32,
    /// Where the value comes from: the first source whose condition holds. None holds: null, or zero.
    pub sources: List<Source>,
    /// The same for the rows that follow the first one.
    pub elements: List<Source>,
    /// How a replayed value is compared; see [`compare`].
    pub compare: u32,
    /// How the value is shown to people; see [`display`].
    pub display: u32,
    /// When the comparison applies; evaluated on the replayed call.
    pub compare_when: Condition,
    /// Names of bits or values, for [`display::FLAGS`] and [`display::NAMES`].
    pub bits: List<Bit>,
    /// Non-zero: the original schema's type doesn't have it.
    pub added: u32,
    /// Zero.
    pub extra: [u32; 3],
}

/// A named bit, group of bits, or value of a column.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct Bit {
    /// Boolean column that is true when it is set; empty if there is none.
    pub column: Text,
    /// The constant's name, as `O_APPEND`.
    pub name: Text,
    /// Which bits are looked at.
    pub mask: u64,
    /// What they must be.
    pub value: u64,
    /// When the bit means this at all.
    pub when: Condition,
}

/// Where a number is found.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// See [`place`].
    pub kind: u8,
    /// Number of the argument or of the fetch.
    pub index: u8,
    /// Bytes of memory: 1, 2, 4 or 8.
    pub width: u8,
    /// Non-zero: extend the sign.
    pub signed: u8,
    /// Byte offset in the fetched memory, or the constant itself.
    pub offset: u32,
}

/// When something applies.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// See [`condition`].
    pub op: u32,
    /// The number that is looked at.
    pub place: Place,
    /// Operand.
    pub mask: u64,
    /// Operand.
    pub value: u64,
}

/// How a column's value is made from a captured call.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// See [`source`].
    pub op: u32,
    /// The number, the place of a structure, or a limit of length.
    pub place: Place,
    /// Operand.
    pub mask: u64,
    /// Operand.
    pub value: u64,
    /// When this source applies.
    pub when: Condition,
}

/// Memory of the program that a recorder copies.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// See [`fetch`].
    pub op: u32,
    /// Non-zero: when the call returns; zero: when it is entered.
    pub at_exit: u32,
    /// Where it starts.
    pub address: Place,
    /// How long it is in bytes, or how many items it has.
    pub length: Place,
    /// Never more bytes than this; 0 sets no limit.
    pub limit: u64,
    /// When it is copied at all.
    pub when: Condition,
    /// What each item is, for [`fetch::STRUCTURES`].
    pub item: Item,
}

/// A structure in an array, and the memory that belongs to it.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Bytes of the structure; 0 if items are no structures.
    pub size: u32,
    /// See [`item`].
    pub flags: u32,
    /// Where in the structure the pointer to its buffer stands.
    pub pointer: u32,
    /// Where in the structure the buffer's length stands: a word of 8 bytes.
    pub length: u32,
    /// With [`item::VIA`]: where in the structure the pointer to another one stands, which has the
    /// buffer's pointer.
    pub via: u32,
    /// Bytes of that other structure, which are put behind those of the first one.
    pub via_size: u32,
    /// Never more bytes of the buffer than this number; no limit if it is [`place::NONE`].
    pub limit: Place,
    /// When the buffer is copied; may look at the structure, as [`place::ELEMENT`].
    pub when: Condition,
}

impl Item {
    /// No structure.
    pub const NONE: Self = {
        let place = Place { kind: place::NONE, index: 0, width: 0, signed: 0, offset: 0 };
        let when = Condition { op: condition::ALWAYS, place, mask: 0, value: 0 };
        Self { size: 0, flags: 0, pointer: 0, length: 0, via: 0, via_size: 0, limit: place, when }
    };
}

/// How the rows of one call follow one another.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowRule {
    /// See [`rows`].
    pub op: u32,
    /// Index of the column that numbers the rows.
    pub number: u32,
    /// Index of the fetch whose items become the following rows.
    pub fetch: u32,
    /// Zero.
    pub extra: u32,
}

/// Types of columns: the format's seven.
pub mod kind {
    /// One bit.
    pub const BOOL: u32 = 0;
    /// An unsigned byte.
    pub const BYTE: u32 = 1;
    /// A signed 32-bit integer.
    pub const INT32: u32 = 2;
    /// A signed 64-bit integer.
    pub const INT64: u32 = 3;
    /// A double.
    pub const DOUBLE: u32 = 4;
    /// Bytes of any length.
    pub const VARIABLE32: u32 = 5;
    /// Bytes of one length.
    pub const FIXED_WIDTH: u32 = 6;
}

/// Kinds of [`Place`](super::Place).
pub mod place {
    /// Nowhere; reads as 0.
    pub const NONE: u8 = 0;
    /// `offset` itself.
    pub const CONSTANT: u8 = 1;
    /// Argument `index`, as the register held it.
    pub const ARGUMENT: u8 = 2;
    /// The return value; −1 on failure.
    pub const RETURN: u8 = 3;
    /// `width` bytes at `offset` of fetch `index`.
    pub const MEMORY: u8 = 4;
    /// The positive errno of a failed call, else 0.
    pub const ERRNO: u8 = 5;
    /// Length in bytes of fetch `index`.
    pub const LENGTH: u8 = 6;
    /// `width` bytes at `offset` of the structure that an element row is about.
    pub const ELEMENT: u8 = 7;
    /// `width` bits of argument `index`, from bit `offset` on.
    pub const ARGUMENT_BITS: u8 = 8;
    /// Argument `index` times `offset`.
    pub const ARGUMENT_TIMES: u8 = 9;
    /// The return value times `offset`; −1 on failure.
    pub const RETURN_TIMES: u8 = 10;
}

/// Ops of [`Condition`](super::Condition).
pub mod condition {
    /// Always.
    pub const ALWAYS: u32 = 0;
    /// The call succeeded.
    pub const SUCCESS: u32 = 1;
    /// The call failed.
    pub const FAILURE: u32 = 2;
    /// `place & mask == value`.
    pub const EQUAL: u32 = 3;
    /// `place & mask != value`.
    pub const NOT_EQUAL: u32 = 4;
    /// `place & mask != 0`.
    pub const ANY: u32 = 5;
    /// `place` is below 64 and that bit of `mask` is set.
    pub const ONE_OF: u32 = 6;
    /// Never.
    pub const NEVER: u32 = 7;
}

/// Ops of [`Source`](super::Source).
pub mod source {
    /// No value: null, or zero.
    pub const NONE: u32 = 0;
    /// `place & mask`, cut to the column's width (a mask of 0 keeps all).
    pub const NUMBER: u32 = 1;
    /// Boolean: `place & mask == value`.
    pub const EQUAL: u32 = 2;
    /// Boolean: `place & mask != 0`.
    pub const ANY: u32 = 3;
    /// The bytes of fetch number `value`, at most `place` of them if `place` is given.
    pub const BYTES: u32 = 4;
    /// A `struct timespec` at `place`, in 2⁻³² s.
    pub const TIMESPEC: u32 = 5;
    /// A `struct timeval` at `place`, in 2⁻³² s.
    pub const TIMEVAL: u32 = 6;
    /// Seconds at `place`, in 2⁻³² s.
    pub const SECONDS: u32 = 7;
    /// Element rows: the number of the element, from 0.
    pub const ELEMENT_NUMBER: u32 = 8;
    /// Element rows: the element's length as the program gave it.
    pub const ELEMENT_LENGTH: u32 = 9;
    /// Element rows: the element's bytes.
    pub const ELEMENT_BYTES: u32 = 10;
    /// Element rows: where the element is in the program's memory.
    pub const ELEMENT_ADDRESS: u32 = 11;
    /// Element rows: the bytes that belong to the item of the same number in fetch number `value`, which is one of
    /// structures of `place` bytes. Since 1.1.
    pub const BESIDE: u32 = 12;
}

/// Ops of [`Fetch`](super::Fetch).
pub mod fetch {
    /// A string up to and with its NUL.
    pub const STRING: u32 = 0;
    /// `length` bytes.
    pub const BYTES: u32 = 1;
    /// The buffers of `length` I/O vectors.
    pub const VECTORS: u32 = 2;
    /// Strings, behind an array of pointers that ends with a null pointer.
    pub const STRINGS: u32 = 3;
    /// `length` structures, with the buffers that belong to them; see [`super::Item`].
    pub const STRUCTURES: u32 = 4;
}

/// Flags of [`Item`](super::Item).
pub mod item {
    /// The array is one of pointers to the structures.
    pub const BEHIND_POINTERS: u32 = 1;
    /// A buffer belongs to each structure.
    pub const HAS_BUFFER: u32 = 2;
    /// It is one of I/O vectors, as many as the length says, whose bytes are put together.
    pub const IS_VECTORS: u32 = 4;
    /// The buffer's pointer stands in another structure.
    pub const VIA: u32 = 8;
}

/// Ops of [`RowRule`](super::RowRule).
pub mod rows {
    /// One row per call.
    pub const SINGLE: u32 = 0;
    /// A head row numbered −1, then rows from 0 on, one per item of the fetch.
    pub const HEAD_FIRST: u32 = 1;
    /// Rows from 0 on; the last one is numbered −1.
    pub const TAIL_LAST: u32 = 2;
}

/// What a column's value stands for beyond a number or bytes.
pub mod role {
    /// Itself.
    pub const NONE: u32 = 0;
    /// A descriptor of the traced process.
    pub const DESCRIPTOR: u32 = 1;
    /// A descriptor that a successful call creates.
    pub const NEW_DESCRIPTOR: u32 = 2;
    /// A descriptor that the call closes, whatever it returns.
    pub const CLOSED_DESCRIPTOR: u32 = 3;
    /// A path with its NUL, resolved by the kernel.
    pub const PATH: u32 = 4;
    /// A process or thread id of the trace.
    pub const TASK: u32 = 5;
    /// Flags of clone(2) that say what a new task shares with its creator.
    pub const SHARES: u32 = 6;
    /// The text of a symbolic link, with its NUL: a path that the kernel doesn't look up.
    pub const TARGET: u32 = 7;
    /// Data that the call moves, and that means nothing to the kernel: what a recorder may cut short or
    /// hide where it is asked to.
    pub const PAYLOAD: u32 = 8;
    /// A string of a program's environment.
    pub const ENVIRONMENT: u32 = 9;
    /// A path of a name that the call makes. Since 1.1.
    pub const MADE_PATH: u32 = 10;
    /// A path of a name that the call takes away. Since 1.1.
    pub const REMOVED_PATH: u32 = 11;
    /// A descriptor of the traced process that data is taken from and no more, though the call does more than
    /// look. Since 1.1.
    pub const SOURCE: u32 = 12;
    /// The user or group that a file belongs to. Since 1.1.
    pub const OWNER: u32 = 13;
}

/// What a call changes that outlives the program.
pub mod changes {
    /// Files, names, or the machine.
    pub const ANYTHING: u32 = 0;
    /// Nothing but what its descriptors are open on.
    pub const DESCRIPTORS: u32 = 1;
    /// Nothing: it changes the process itself, or how a file is used meanwhile (a lock), or that what was
    /// written is kept.
    pub const NOTHING: u32 = 2;
    /// The program that the process runs.
    pub const PROGRAM: u32 = 3;
}

/// What a return value is, and so how two are compared.
pub mod returns {
    /// A number that must be equal.
    pub const NUMBER: u32 = 0;
    /// A new descriptor: success and failure are compared, the number is mapped.
    pub const DESCRIPTOR: u32 = 1;
    /// The id of a new process or thread, likewise.
    pub const CHILD: u32 = 2;
    /// An address, likewise.
    pub const ADDRESS: u32 = 3;
    /// Only success and failure are compared.
    pub const STATUS: u32 = 4;
    /// Does not return.
    pub const NEVER: u32 = 5;
}

/// What a call does beyond what its columns say, for a recorder that keeps the files as they were or takes
/// down what is stored through mappings.
pub mod effect {
    /// It lists the directory that its descriptor is on.
    pub const LISTS: u32 = 1;
    /// It maps the file of its descriptor shared, at the address that it returns.
    pub const MAPS: u32 = 2;
    /// It ends, moves or resizes mappings, or shuts them.
    pub const UNMAPS: u32 = 4;
    /// It brings what was stored through mappings to their files.
    pub const SYNCS: u32 = 8;
    /// No call has this record type: a recorder makes up a record for each page that was stored through
    /// a mapping. Argument 0 is the file's descriptor, or −1 if the process has none any more; the first
    /// fetch is the page, argument 2 its length, argument 3 its offset in the file, and the second fetch
    /// the file's path if there is no descriptor.
    pub const STORED: u32 = 16;
    /// It maps the file of its descriptor, shared or not, at the address that it returns; whatever the
    /// condition on effects says.
    pub const LOADS: u32 = 32;
    /// No call has this record type: a recorder makes up records for what can be read through mappings of
    /// files. Argument 0 is the file's descriptor, argument 1 the address, argument 2 the length, argument 3 the
    /// offset in the file, and the first fetch the content.
    pub const LOADED: u32 = 64;
}

/// What the first record of a trace, which no program's call made, says of the first process.
pub mod start {
    /// This type has no such record.
    pub const NONE: u32 = 0;
    /// Argument 0 is its umask; it returned 0.
    pub const UMASK: u32 = 1;
}

/// How a column is compared when data is verified.
pub mod compare {
    /// Not at all.
    pub const NONE: u32 = 0;
    /// The same value.
    pub const EQUAL: u32 = 1;
}

/// How a column is shown to people.
pub mod display {
    /// A decimal number, or bytes as text where they are.
    pub const PLAIN: u32 = 0;
    /// An octal number.
    pub const OCTAL: u32 = 1;
    /// A hexadecimal number.
    pub const HEX: u32 = 2;
    /// Names of the bits that are set.
    pub const FLAGS: u32 = 3;
    /// The name of the value.
    pub const NAMES: u32 = 4;
    /// A descriptor; −100 is `AT_FDCWD`.
    pub const DESCRIPTOR: u32 = 5;
    /// A path.
    pub const PATH: u32 = 6;
    /// A time in 2⁻³² s.
    pub const TIME: u32 = 7;
}
