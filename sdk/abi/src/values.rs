//! What the numbers of a declaration mean. Each set may grow; what a host does with a value that it doesn't know is
//! said in docs/plugin-abi.md.

/// Values of [`Call::partly`](crate::Call::partly).
pub mod partly {
    /// The plugin makes some of the calls.
    pub const SOME: u32 = 1;
    /// It may do so where the host wants [`want::NETWORK`](crate::want::NETWORK). Since 1.1.
    pub const NETWORK: u32 = 2;
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

/// Kinds of [`Place`](crate::Place).
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

/// Ops of [`Condition`](crate::Condition).
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

/// Ops of [`Source`](crate::Source).
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

/// Ops of [`Fetch`](crate::Fetch).
pub mod fetch {
    /// A string up to and with its NUL.
    pub const STRING: u32 = 0;
    /// `length` bytes.
    pub const BYTES: u32 = 1;
    /// The buffers of `length` I/O vectors.
    pub const VECTORS: u32 = 2;
    /// Strings, behind an array of pointers that ends with a null pointer.
    pub const STRINGS: u32 = 3;
    /// `length` structures, with the buffers that belong to them; see [`Item`](crate::Item).
    pub const STRUCTURES: u32 = 4;
}

/// Flags of [`Item`](crate::Item).
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

/// Ops of [`RowRule`](crate::RowRule).
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
