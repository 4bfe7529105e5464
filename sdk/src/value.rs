//! The Rust types that a column can have.

mod cell;
mod descriptor;
mod tfrac;

use abi::{display, kind, role};

use crate::{Process, Skip};

pub use cell::Cell;
pub use descriptor::{ClosedFd, DirFd, Fd, NewFd, NewPipe};
pub use tfrac::Tfrac;

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

impl<'t, T: Argument<'t> + Value<'t>> Argument<'t> for Option<T> {
    #[inline]
    fn word(self, process: &mut Process<'t>) -> Result<usize, Skip> {
        match self {
            Some(value) => value.word(process),
            // What the program named isn't in the trace: a null pointer would be another call.
            None if T::KIND == kind::VARIABLE32
                && process.is_cut()
                && process.recorded().errno != libc::EFAULT =>
            {
                Err(Skip::NOT_CAPTURED)
            }
            None => Ok(0),
        }
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
