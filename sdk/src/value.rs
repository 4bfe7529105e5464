//! The Rust types that a column can have.

use abi::{Row, Slot, display, kind, role};

use crate::{Process, Skip, pipe};

/// One column of one row.
#[derive(Clone, Copy)]
pub struct Cell<'t> {
    slot: &'t Slot,
    row: &'t Row,
}

impl<'t> Cell<'t> {
    /// Column `slot` of `row`.
    ///
    /// # Safety
    /// `slot` must have been made for the extent type that `row` is of, and both must hold what
    /// [`abi::Slot`] and [`abi::Row`] promise for `'t`.
    pub unsafe fn new(slot: &'t Slot, row: &'t Row) -> Self {
        Self { slot, row }
    }

    /// Whether the file has no value here.
    #[inline]
    pub fn is_null(self) -> bool {
        if self.slot.offset == u32::MAX {
            return true;
        }
        self.slot.null_offset != u32::MAX
            // SAFETY: the slot's offsets lie within the row.
            && unsafe { *self.row.fixed.add(self.slot.null_offset as usize) } & self.slot.null_mask
                != 0
    }

    /// The bit, or false if there is none.
    #[inline]
    pub fn bool(self) -> bool {
        self.slot.offset != u32::MAX && self.fixed::<1>()[0] & self.slot.mask != 0
    }

    /// The byte, or 0.
    #[inline]
    pub fn byte(self) -> u8 {
        if self.slot.offset == u32::MAX { 0 } else { self.fixed::<1>()[0] }
    }

    /// The 32-bit number, or 0.
    #[inline]
    pub fn int32(self) -> i32 {
        if self.slot.offset == u32::MAX { 0 } else { i32::from_ne_bytes(self.fixed()) }
    }

    /// The 64-bit number, or 0.
    #[inline]
    pub fn int64(self) -> i64 {
        if self.slot.offset == u32::MAX { 0 } else { i64::from_ne_bytes(self.fixed()) }
    }

    /// The bytes; nothing if the extent's variable part wasn't decoded.
    #[inline]
    pub fn bytes(self) -> &'t [u8] {
        if self.slot.offset == u32::MAX || self.row.pool.is_null() {
            return &[];
        }
        let offset = self.int32() as usize;
        // SAFETY: the host checked each offset of a decoded pool: a length word is there, and that
        // many bytes behind it.
        unsafe {
            let entry = self.row.pool.add(offset);
            let length = i32::from_ne_bytes(*entry.cast::<[u8; 4]>());
            std::slice::from_raw_parts(entry.add(4), length as usize)
        }
    }

    #[inline]
    fn fixed<const N: usize>(self) -> [u8; N] {
        // SAFETY: a slot's offset and type lie within the row, as the host made it.
        unsafe { *self.row.fixed.add(self.slot.offset as usize).cast::<[u8; N]>() }
    }
}

/// A type that a column can have.
pub trait Value<'t>: Sized {
    /// The column's type in the file; see [`abi::kind`].
    const KIND: u32;
    /// Bytes of it in a program's memory.
    const WIDTH: u32;
    /// Whether the column can be null.
    const NULLABLE: bool = false;
    /// See [`abi::role`].
    const ROLE: u32 = role::NONE;
    /// See [`abi::display`].
    const DISPLAY: u32 = display::PLAIN;

    /// The value of `cell`.
    fn read(cell: Cell<'t>) -> Self;

    /// The kernel returned `replayed` where the recorded call returned this.
    fn settle(self, _process: &mut Process<'t>, _replayed: Option<i64>) {}
}

/// A type that can be handed to a call as it is.
pub trait Argument<'t>: Sized {
    /// The word for the kernel.
    ///
    /// # Errors
    /// Why there is none to be had.
    fn word(self, process: &mut Process<'t>) -> Result<usize, Skip>;
}

/// A column's value as a number, where it is one.
pub trait Number {
    /// The number, if there is a value.
    fn number(self) -> Option<i64>;
}

/// The number in a column; 0 where there is none.
pub fn number(column: impl Number) -> i64 {
    column.number().unwrap_or(0)
}

impl<T: Number> Number for Option<T> {
    fn number(self) -> Option<i64> {
        self.and_then(T::number)
    }
}

macro_rules! number {
    ($type:ty, $kind:ident, $width:literal, $read:ident) => {
        impl<'t> Value<'t> for $type {
            const KIND: u32 = kind::$kind;
            const WIDTH: u32 = $width;

            #[inline]
            fn read(cell: Cell<'t>) -> Self {
                cell.$read()
            }
        }

        impl Number for $type {
            fn number(self) -> Option<i64> {
                Some(self.into())
            }
        }

        impl<'t> Argument<'t> for $type {
            #[inline]
            fn word(self, _process: &mut Process<'t>) -> Result<usize, Skip> {
                Ok(self as isize as usize)
            }
        }
    };
}

number!(u8, BYTE, 1, byte);
number!(i32, INT32, 4, int32);
number!(i64, INT64, 8, int64);

impl<'t> Value<'t> for bool {
    const KIND: u32 = kind::BOOL;
    const WIDTH: u32 = 1;

    #[inline]
    fn read(cell: Cell<'t>) -> Self {
        cell.bool()
    }
}

impl<'t> Value<'t> for &'t [u8] {
    const KIND: u32 = kind::VARIABLE32;
    const WIDTH: u32 = 0;

    #[inline]
    fn read(cell: Cell<'t>) -> Self {
        cell.bytes()
    }
}

/// A string other than a path, with its NUL.
impl<'t> Argument<'t> for &'t [u8] {
    #[inline]
    fn word(self, process: &mut Process<'t>) -> Result<usize, Skip> {
        match self.last() {
            Some(0) => Ok(self.as_ptr() as usize),
            // Strings that the original recorder should have kept and didn't (trace schema, §8, D3).
            None if process.is_reference_trace() => Err(Skip::NOT_CAPTURED),
            _ => Err(Skip::MALFORMED),
        }
    }
}

impl<'t, T: Value<'t>> Value<'t> for Option<T> {
    const KIND: u32 = T::KIND;
    const WIDTH: u32 = T::WIDTH;
    const NULLABLE: bool = true;
    const ROLE: u32 = T::ROLE;
    const DISPLAY: u32 = T::DISPLAY;

    #[inline]
    fn read(cell: Cell<'t>) -> Self {
        if cell.is_null() { None } else { Some(T::read(cell)) }
    }

    fn settle(self, process: &mut Process<'t>, replayed: Option<i64>) {
        if let Some(value) = self {
            value.settle(process, replayed);
        }
    }
}

impl<'t, T: Argument<'t>> Argument<'t> for Option<T> {
    #[inline]
    fn word(self, process: &mut Process<'t>) -> Result<usize, Skip> {
        self.map_or(Ok(0), |value| value.word(process))
    }
}

/// A descriptor of the traced process. It never compiles where a real one is wanted:
/// [`Process::fd`] translates it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fd(pub i32);

/// A traced descriptor that names a directory for the path in the next argument; −100 stands for the
/// working directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirFd(pub i32);

/// A traced descriptor that the call closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedFd(pub i32);

/// A traced descriptor that the call creates and returns in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewFd(pub i32);

macro_rules! descriptor {
    ($type:ident, $role:ident) => {
        impl<'t> Value<'t> for $type {
            const KIND: u32 = kind::INT32;
            const WIDTH: u32 = 4;
            const ROLE: u32 = role::$role;
            const DISPLAY: u32 = display::DESCRIPTOR;

            #[inline]
            fn read(cell: Cell<'t>) -> Self {
                Self(cell.int32())
            }
        }

        impl Number for $type {
            fn number(self) -> Option<i64> {
                Some(self.0.into())
            }
        }
    };
}

descriptor!(Fd, DESCRIPTOR);
descriptor!(DirFd, DESCRIPTOR);
descriptor!(ClosedFd, CLOSED_DESCRIPTOR);

impl<'t> Value<'t> for NewFd {
    const KIND: u32 = kind::INT32;
    const WIDTH: u32 = 4;
    const ROLE: u32 = role::NEW_DESCRIPTOR;
    const DISPLAY: u32 = display::DESCRIPTOR;

    fn read(cell: Cell<'t>) -> Self {
        Self(cell.int32())
    }

    /// The recorded call made this one, or none if it failed; the replayed call may differ in that.
    fn settle(self, process: &mut Process<'t>, replayed: Option<i64>) {
        let traced = if process.recorded().succeeded() { self.0 } else { -1 };
        if traced >= 0 || replayed.is_some() {
            process.adopt(traced, replayed.map_or(-1, |fd| fd as i32));
        }
    }
}

/// As [`NewFd`], the end of a pipe that data comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewPipe(pub i32);

impl<'t> Value<'t> for NewPipe {
    const KIND: u32 = NewFd::KIND;
    const WIDTH: u32 = NewFd::WIDTH;
    const ROLE: u32 = NewFd::ROLE;
    const DISPLAY: u32 = NewFd::DISPLAY;

    fn read(cell: Cell<'t>) -> Self {
        Self(cell.int32())
    }

    fn settle(self, process: &mut Process<'t>, replayed: Option<i64>) {
        if let Some(fd) = replayed {
            pipe::widen(fd as i32);
        }
        NewFd(self.0).settle(process, replayed);
    }
}

impl<'t> Argument<'t> for Fd {
    #[inline]
    fn word(self, process: &mut Process<'t>) -> Result<usize, Skip> {
        process.fd(self).map(|fd| fd as isize as usize)
    }
}

impl<'t> Argument<'t> for ClosedFd {
    #[inline]
    fn word(self, process: &mut Process<'t>) -> Result<usize, Skip> {
        process.release(self).map(|fd| fd as isize as usize)
    }
}

/// A process or thread of the trace, by the id that it had when it was recorded; where the call has
/// special numbers in place of ids, one of those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task(pub i32);

impl<'t> Value<'t> for Task {
    const KIND: u32 = kind::INT32;
    const WIDTH: u32 = 4;
    const ROLE: u32 = role::TASK;

    fn read(cell: Cell<'t>) -> Self {
        Self(cell.int32())
    }
}

impl Number for Task {
    fn number(self) -> Option<i64> {
        Some(self.0.into())
    }
}

/// A path as the program gave it, with its NUL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path<'t>(pub &'t [u8]);

impl Path<'_> {
    /// Whether it starts at the root.
    pub fn is_absolute(self) -> bool {
        self.0.first() == Some(&b'/')
    }
}

impl<'t> Value<'t> for Path<'t> {
    const KIND: u32 = kind::VARIABLE32;
    const WIDTH: u32 = 0;
    const ROLE: u32 = role::PATH;
    const DISPLAY: u32 = display::PATH;

    #[inline]
    fn read(cell: Cell<'t>) -> Self {
        Self(cell.bytes())
    }
}

impl<'t> Argument<'t> for Path<'t> {
    #[inline]
    fn word(self, process: &mut Process<'t>) -> Result<usize, Skip> {
        process.path(self)
    }
}

/// A time in units of 2⁻³² s since the epoch, as the trace schema stores file times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tfrac(pub i64);

const NANOSECONDS: i128 = 1_000_000_000;

impl Tfrac {
    /// `seconds` and `nanoseconds`, to the nearest unit. What overflows is cut off at the end of the
    /// range, in January 2038.
    pub fn new(seconds: i64, nanoseconds: i64) -> Self {
        let units = (i128::from(seconds) << 32)
            + ((i128::from(nanoseconds) << 32) + NANOSECONDS / 2).div_euclid(NANOSECONDS);
        Self(units.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }

    /// Seconds and nanoseconds, to the nearest nanosecond.
    pub fn timespec(self) -> (i64, i64) {
        let fraction = i128::from(self.0 as u32);
        let nanoseconds = (fraction * NANOSECONDS + (1 << 31)) >> 32;
        let seconds = self.0 >> 32;
        if nanoseconds == NANOSECONDS { (seconds + 1, 0) } else { (seconds, nanoseconds as i64) }
    }

    /// Seconds and microseconds, to the nearest microsecond.
    pub fn timeval(self) -> (i64, i64) {
        let (seconds, nanoseconds) = self.timespec();
        let microseconds = (nanoseconds + 500) / 1000;
        if microseconds == 1_000_000 { (seconds + 1, 0) } else { (seconds, microseconds) }
    }

    /// Whole seconds.
    pub fn seconds(self) -> i64 {
        self.0 >> 32
    }
}

impl<'t> Value<'t> for Tfrac {
    const KIND: u32 = kind::INT64;
    const WIDTH: u32 = 16;
    const DISPLAY: u32 = display::TIME;

    fn read(cell: Cell<'t>) -> Self {
        Self(cell.int64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;
    use crate::testing::Stage;

    #[derive(Record, Replay)]
    #[record(syscall = "pipe2")]
    struct Pipe2 {
        #[after(0)]
        read_descriptor: NewFd,
        #[after(0, offset = 4)]
        write_descriptor: NewFd,
        #[arg(1)]
        flags_value: i32,
    }

    /// What a trace has of a call that failed: there is nothing behind the pointer.
    const FAILED: Pipe2 =
        Pipe2 { read_descriptor: NewFd(0), write_descriptor: NewFd(0), flags_value: 0 };

    #[test]
    fn a_call_that_failed_made_no_descriptor() {
        let mut stage = Stage::with_file(0, b"");
        let failed = Pipe2 { flags_value: 1, ..FAILED };
        stage.recorded(-1, libc::EINVAL).replay(&failed).fails(libc::EINVAL);
        assert!(stage.descriptor(0).is_some(), "descriptor 0 is still the file");
    }

    #[test]
    fn a_descriptor_that_the_recorded_call_did_not_make_is_closed() {
        let mut stage = Stage::with_file(0, b"");
        let before = stage.descriptor(0);
        stage.recorded(-1, libc::EMFILE).replay(&FAILED).returns(0);
        assert_eq!(stage.descriptor(0), before);
    }

    #[test]
    fn a_descriptor_that_the_replayed_call_did_not_make_is_simulated() {
        let mut stage = Stage::new();
        let made = Pipe2 { read_descriptor: NewFd(3), write_descriptor: NewFd(4), flags_value: 1 };
        stage.recorded(0, 0).replay(&made).fails(libc::EINVAL);
        assert!(stage.is_simulated(3) && stage.is_simulated(4));
    }

    #[test]
    fn a_time_survives_to_the_nanosecond() {
        for (seconds, nanoseconds) in
            [(0, 0), (1_795_485_935, 510_804_687), (1, 999_999_999), (-1, 1), (-7, 500_000_000)]
        {
            assert_eq!(Tfrac::new(seconds, nanoseconds).timespec(), (seconds, nanoseconds));
        }
    }

    #[test]
    fn a_time_is_in_units_of_two_to_the_minus_32_seconds() {
        assert_eq!(Tfrac::new(1, 500_000_000), Tfrac(0x1_8000_0000));
    }

    #[test]
    fn a_rounded_time_is_still_one() {
        assert_eq!(Tfrac::new(3, 999_999_700).timeval(), (4, 0));
        assert_eq!(Tfrac::new(-7, 500_000).timeval(), (-7, 500));
    }

    #[test]
    fn a_time_past_the_range_stops_at_its_end() {
        assert_eq!(Tfrac::new(i64::MAX, 0), Tfrac(i64::MAX));
    }
}
