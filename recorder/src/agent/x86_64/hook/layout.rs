//! Where hook, table, counter and areas are in every process, and their words.

/// Where the hook's code is in every process.
pub const BASE: u64 = 0x7e90_0000_0000;
/// Where the table of calls is.
pub const TABLE: u64 = BASE + 0x1000;
/// Where the shared counter of order ids is.
pub const CONTROL: u64 = BASE + 0x40_0000;
/// Where the first area is.
pub const AREAS: u64 = BASE + 0x80_0000;
/// From one area to the next.
pub const AREA_STRIDE: u64 = 0x80_0000;
/// Where in an area its ring is.
pub const RING: u64 = 0x40_0000;
/// Bytes of a ring; a power of two.
pub const RING_SIZE: u64 = 0x40_0000;
/// The largest record that goes through a ring.
pub const LARGEST_RECORD: u64 = 0x10_0000;

/// Calls that the table has room for.
pub const CALLS: u64 = 512;
/// Bytes that the table may have. It begins with 32 bits for each call: how far from its beginning the call's entry is, or
/// 0 if calls of this number are left to the tracer.
pub const TABLE_SIZE: u64 = 0x8_0000;
/// Each entry begins at a multiple of this: on a line of the processor's cache.
pub const CALL_ALIGN: u64 = 64;

/// Words of [`CONTROL`].
pub mod control {
    /// The next order id.
    pub const COUNTER: u64 = 0;
    /// Calls that no one took over when they had to be.
    pub const LOST: u64 = 64;
    /// Bytes of control.
    pub const SIZE: u64 = 4096;
}

/// Words of an area. The first few are what stubs and hook find it by.
pub mod area {
    /// Its own address.
    pub const SELF: u64 = 0;
    /// Where a stub goes: hook or bypass.
    pub const ENTRY: u64 = 8;
    /// Bytes that were ever published in the ring; written by the hook.
    pub const HEAD: u64 = 64;
    /// No order id that is about to be published is below this; all ones if none is.
    pub const BOUND: u64 = 72;
    /// Bytes that were ever taken out of the ring; written by the recorder.
    pub const TAIL: u64 = 128;
    /// Where the thread is in a call; see [`super::phase`].
    pub const PHASE: u64 = 192;
    /// Where the stub goes on.
    pub const AFTER: u64 = 200;
    /// The program's stack pointer.
    pub const RSP: u64 = 208;
    /// The program's flags, on the only stack there is.
    pub const FLAGS: u64 = 216;
    /// End of that stack.
    pub const STACK_TOP: u64 = 224;
    /// The call's entry in the table.
    pub const DESCRIBED: u64 = 232;
    /// End of what was copied at entry.
    pub const EARLY_END: u64 = 240;
    /// Head after this record.
    pub const NEW_HEAD: u64 = 248;
    /// The call's number; here begins what a record starts with.
    pub const NUMBER: u64 = 256;
    /// Order id taken at entry.
    pub const CALLED: u64 = 264;
    /// Order id taken at exit.
    pub const RETURNED: u64 = 272;
    /// Time stamp counter at entry.
    pub const TIME_CALLED: u64 = 280;
    /// Time stamp counter at exit.
    pub const TIME_RETURNED: u64 = 288;
    /// What the kernel returned.
    pub const RESULT: u64 = 296;
    /// The arguments.
    pub const ARGUMENTS: u64 = 304;
    /// The return value: −1 on failure.
    pub const VALUE: u64 = 352;
    /// 1 on failure.
    pub const FAILED: u64 = 360;
    /// What has no register for a while.
    pub const SPILLED: u64 = 368;
    /// 1 if calls on some descriptors are the tracer's.
    pub const WATCHES: u64 = 376;
    /// Lengths of what is copied at exit.
    pub const LENGTHS: u64 = 384;
    /// Those descriptors, a bit each.
    pub const WATCHED: u64 = 4096;
    /// How many there are.
    pub const DESCRIPTORS: u64 = 1024;
    /// What was copied at entry.
    pub const SCRATCH: u64 = 8192;
    /// Bytes of it.
    pub const SCRATCH_SIZE: u64 = 0x8000;
    /// Copies of what other fetches find their addresses and lengths in.
    pub const KEPT: u64 = 0x1_0000;
    /// Bytes of it.
    pub const KEPT_SIZE: u64 = 0x10_0000;
}

/// Where a thread is in a call.
pub mod phase {
    /// In none, or its record is published.
    pub const IDLE: u64 = 0;
    /// The call was entered.
    pub const ENTERED: u64 = 1;
    /// The call returned, and its record isn't published.
    pub const RETURNED: u64 = 2;
}

/// A record in a ring.
pub mod record {
    /// Words at its start: size, then `area::NUMBER` to the last argument.
    pub const HEADER_WORDS: usize = 13;
    /// In place of a size: the ring goes on at its beginning.
    pub const WRAP: u64 = u64::MAX;
    /// In place of a length: nothing was to be copied.
    pub const ABSENT: u64 = u64::MAX;
    /// In place of a length: it comes with what is copied at exit.
    pub const DEFERRED: u64 = u64::MAX - 1;
}

/// Words of a call in the table, and of its fetches.
pub mod call {
    /// 32 bits: how far from here fetches at exit begin.
    pub const LATE_AT: u64 = 0;
    /// 16 bits: fetches at entry.
    pub const EARLY: u64 = 4;
    /// 16 bits: fetches at exit.
    pub const LATE: u64 = 6;
    /// 64 bits: any of these in argument 2, and the call is left to the tracer.
    pub const GUARD_2: u64 = 8;
    /// 64 bits: the same for argument 3.
    pub const GUARD_3: u64 = 16;
    /// Twice 32 bits: which word of the area is a descriptor, if calls on some are left to the tracer; 0 for none,
    /// and [`LEFT`] for a call that is left then in any case.
    pub const ON: u64 = 24;
    /// See there.
    pub const LEFT: u32 = 1;
    /// Fetches at entry begin here.
    pub const EARLY_FETCHES: u64 = 32;
    /// Bytes of a fetch.
    pub const FETCH_SIZE: u64 = 48;
    /// Most fetches at entry.
    pub const MOST_EARLY: u64 = 40;
    /// Most fetches at exit.
    pub const MOST_LATE: u64 = 40;
}

/// Words of a fetch in the table.
pub mod fetch {
    /// 32 bits: see below.
    pub const OP: u64 = 0;
    /// 32 bits: which word of the area is the address.
    pub const ADDRESS: u64 = 4;
    /// 32 bits: which word of the area is the length.
    pub const LENGTH: u64 = 8;
    /// 32 bits: the length itself, or what it is limited to.
    pub const LIMIT: u64 = 12;
    /// 32 bits: 0 always, 1 if `word & mask == value`, 2 if not, 3 if the mask has bit number `word`.
    pub const WHEN: u64 = 16;
    /// 32 bits: which word of the area that is.
    pub const WORD: u64 = 20;
    /// 64 bits.
    pub const MASK: u64 = 24;
    /// 64 bits.
    pub const VALUE: u64 = 32;
    /// 32 bits: where in the area a copy is kept, if it is; of vectors, their size and themselves.
    pub const KEEP: u64 = 40;
    /// 32 bits: how the length stands in its word.
    pub const WIDTH: u64 = 44;

    /// The length is all of its word.
    pub const WHOLE: u32 = 0;
    /// It is its lower half, with a sign.
    pub const SIGNED_HALF: u32 = 1;
    /// It is its lower half.
    pub const HALF: u32 = 2;

    /// A string of at most `LIMIT` bytes with its NUL.
    pub const STRING: u32 = 0;
    /// `LIMIT` bytes.
    pub const FIXED: u32 = 1;
    /// As many bytes as the word says, at most `LIMIT`.
    pub const COUNTED: u32 = 2;
    /// At entry: the same, but left to [`REST`] if they are more than [`SMALL`].
    pub const SMALL_COUNTED: u32 = 3;
    /// At exit: those that were left, if the call returned just as many, which proves them readable.
    pub const REST: u32 = 4;
    /// At entry: the size of an array of as many I/O vectors as the word says, the array and the bytes of its
    /// buffers, but left to [`VECTORS_REST`] if array or buffers are more than [`SMALL`].
    pub const VECTORS: u32 = 5;
    /// At exit: those that were left, if the call returned as many as the buffers have.
    pub const VECTORS_REST: u32 = 6;
    /// At exit: the same with as many bytes as the call returned.
    pub const FILLED_VECTORS: u32 = 7;
    /// More than this is copied when the call has returned.
    pub const SMALL: u64 = 256;
    /// More vectors no call takes (IOV_MAX).
    pub const MOST_VECTORS: u64 = 1024;
    /// Bytes that are kept of vectors.
    pub const VECTORS_KEPT: u64 = 8 + 16 * MOST_VECTORS;
}

/// The number that the hook calls when the tracer has to take over.
pub const TRAP: u64 = 0x7fff_ffff;
