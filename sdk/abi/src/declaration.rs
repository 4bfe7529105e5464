//! What a plugin knows of its system calls, as data.
//!
//! A host reads all of it once, when it loads the plugin, and turns it into types of its own. The
//! memory belongs to the plugin and stays for the life of the process.

use std::ffi::c_void;
use std::marker::PhantomData;

use abi_stable::StableAbi;

use crate::options::{OptionDeclaration, OptionValue};
use crate::running::{Event, HostRef, Outcome, Record, RowSink};
use crate::values::{condition, place};

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
    /// What the return value is; see [`returns`](crate::returns).
    pub returns: u32,
    /// When it is that, evaluated on the recorded arguments; it is a number otherwise.
    pub returns_when: Condition,
    /// Non-zero: the row is written, and its order id taken, when the call is entered.
    pub at_entry: u32,
    /// What the record that a recorder makes up before all others says, if it is of this type; see
    /// [`start`](crate::start).
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
    /// Which of the calls are simulated: all if 0, else as the plugin says; see [`partly`](crate::partly).
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
    /// What the call changes where it does more than look; see [`changes`](crate::changes). Since 1.1.
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
    /// What else a recorder must know that the call does: bits of [`effect`](crate::effect). Since 1.1.
    pub effects: u32,
    /// When it does that; evaluated on the arguments.
    pub effects_when: Condition,
}

/// A column of a record type.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct Column {
    /// Name, as in the trace schema.
    pub name: Text,
    /// Type; see [`kind`](crate::kind).
    pub kind: u32,
    /// Width in bytes if `kind` is [`kind::FIXED_WIDTH`](crate::kind::FIXED_WIDTH), else 0.
    pub size: u32,
    /// Non-zero if the column can be null.
    pub nullable: u32,
    /// What the value stands for; see [`role`](crate::role).
    pub role: u32,
    /// Where the value comes from: the first source whose condition holds. None holds: null, or zero.
    pub sources: List<Source>,
    /// The same for the rows that follow the first one.
    pub elements: List<Source>,
    /// How a replayed value is compared; see [`compare`](crate::compare).
    pub compare: u32,
    /// How the value is shown to people; see [`display`](crate::display).
    pub display: u32,
    /// When the comparison applies; evaluated on the replayed call.
    pub compare_when: Condition,
    /// Names of bits or values, for [`display::FLAGS`](crate::display::FLAGS) and
    /// [`display::NAMES`](crate::display::NAMES).
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
    /// See [`source`](crate::source).
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
    /// See [`fetch`](crate::fetch).
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
    /// What each item is, for [`fetch::STRUCTURES`](crate::fetch::STRUCTURES).
    pub item: Item,
}

/// A structure in an array, and the memory that belongs to it.
#[repr(C)]
#[derive(StableAbi, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Bytes of the structure; 0 if items are no structures.
    pub size: u32,
    /// See [`item`](crate::item).
    pub flags: u32,
    /// Where in the structure the pointer to its buffer stands.
    pub pointer: u32,
    /// Where in the structure the buffer's length stands: a word of 8 bytes.
    pub length: u32,
    /// With [`item::VIA`](crate::item::VIA): where in the structure the pointer to another one stands, which has the
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
    /// See [`rows`](crate::rows).
    pub op: u32,
    /// Index of the column that numbers the rows.
    pub number: u32,
    /// Index of the fetch whose items become the following rows.
    pub fetch: u32,
    /// Zero.
    pub extra: u32,
}
