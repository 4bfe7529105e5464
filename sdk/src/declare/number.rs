//! Numbers that a captured call holds, conditions on them, and the names of their values.

use abi::{Bit, Condition, Place, Text, condition, place};

/// Argument `number` of the call, from 0.
pub const fn arg(number: u8) -> Number {
    Number(Place { kind: place::ARGUMENT, index: number, ..NOWHERE })
}

/// The call's return value; −1 on failure.
pub const fn ret() -> Number {
    Number(Place { kind: place::RETURN, ..NOWHERE })
}

/// The number in memory behind argument `argument`, `offset` bytes in and `width` bytes wide. The
/// record must have another attribute that fetches that memory.
pub const fn behind(argument: u8, offset: u32, width: u8) -> Number {
    Number(Place { kind: place::MEMORY, index: argument, width, signed: 1, offset })
}

/// The signed number of `width` bytes, `offset` bytes into the structure that an element row is about.
pub const fn member(offset: u32, width: u8) -> Number {
    Number(Place { kind: place::ELEMENT, index: 0, width, signed: 1, offset })
}

/// The `count` bits of argument `number` from bit `first` on.
pub const fn bits_of(number: u8, first: u32, count: u8) -> Number {
    let kind = place::ARGUMENT_BITS;
    Number(Place { kind, index: number, width: count, signed: 0, offset: first })
}

/// Argument `number`, `factor` times.
pub const fn times(number: u8, factor: u32) -> Number {
    Number(Place { kind: place::ARGUMENT_TIMES, index: number, offset: factor, ..NOWHERE })
}

/// The return value, `factor` times; −1 on failure.
pub const fn ret_times(factor: u32) -> Number {
    Number(Place { kind: place::RETURN_TIMES, offset: factor, ..NOWHERE })
}

pub(super) const NOWHERE: Place =
    Place { kind: place::NONE, index: 0, width: 0, signed: 0, offset: 0 };

/// Marks a place whose index is the number of a fetch already.
pub(super) const RESOLVED: u8 = 2;

/// The signed word at the start of what fetch 0 brought: for those that name the fetch themselves.
pub(super) const FETCHED_WORD: Place =
    Place { kind: place::MEMORY, index: 0, width: 8, signed: 1, offset: 0 };

pub(super) const fn constant_place(value: u32) -> Place {
    Place { kind: place::CONSTANT, offset: value, ..NOWHERE }
}

/// A number that a captured call holds, to be compared.
#[derive(Clone, Copy, Debug)]
pub struct Number(pub(super) Place);

impl Number {
    /// If its low 32 bits are `value`.
    pub const fn is(self, value: i32) -> Condition {
        let (mask, value) = (u32::MAX as u64, value as u32 as u64);
        Condition { op: condition::EQUAL, place: self.0, mask, value }
    }

    /// If one of the bits of `mask` is set.
    pub const fn any(self, mask: i32) -> Condition {
        Condition { op: condition::ANY, place: self.0, mask: mask as u32 as u64, value: 0 }
    }

    /// If all the bits of `mask` are set.
    pub const fn all(self, mask: i32) -> Condition {
        let mask = mask as u32 as u64;
        Condition { op: condition::EQUAL, place: self.0, mask, value: mask }
    }

    /// If the bits of `mask` are `value`.
    pub const fn has(self, mask: u32, value: u32) -> Condition {
        let (mask, value) = (mask as u64, value as u64);
        Condition { op: condition::EQUAL, place: self.0, mask, value }
    }

    /// If the bits of `mask` are not `value`.
    pub const fn is_not(self, mask: u32, value: u32) -> Condition {
        let (mask, value) = (mask as u64, value as u64);
        Condition { op: condition::NOT_EQUAL, place: self.0, mask, value }
    }

    /// If it is one of `values`, each below 64.
    pub const fn one_of(self, values: &[i32]) -> Condition {
        let mut mask = 0;
        let mut i = 0;
        while i < values.len() {
            assert!(values[i] >= 0 && values[i] < 64, "one_of takes values from 0 to 63");
            mask |= 1 << values[i];
            i += 1;
        }
        Condition { op: condition::ONE_OF, place: self.0, mask, value: 0 }
    }
}

/// Always.
pub const ALWAYS: Condition =
    Condition { op: condition::ALWAYS, place: NOWHERE, mask: 0, value: 0 };

/// Never.
pub const NEVER: Condition = Condition { op: condition::NEVER, place: NOWHERE, mask: 0, value: 0 };

/// If the call succeeded.
pub const SUCCESS: Condition =
    Condition { op: condition::SUCCESS, place: NOWHERE, mask: 0, value: 0 };

/// If the call failed.
pub const FAILURE: Condition =
    Condition { op: condition::FAILURE, place: NOWHERE, mask: 0, value: 0 };

/// Names a bit or value: `bit("flag_append", "O_APPEND", libc::O_APPEND)` is a boolean column that is
/// true when all bits of the mask are set.
pub const fn bit(column: &'static str, name: &'static str, mask: i64) -> Bit {
    value_of(column, name, mask, mask)
}

/// As [`bit`], for a value of some of the bits: `O_RDONLY` is the value 0 of `O_ACCMODE`.
pub const fn value_of(column: &'static str, name: &'static str, mask: i64, value: i64) -> Bit {
    Bit {
        column: Text::new(column),
        name: Text::new(name),
        mask: mask as u64,
        value: value as u64,
        when: ALWAYS,
    }
}

/// As [`bit`], for a value of the whole (32-bit) number.
pub const fn constant(column: &'static str, name: &'static str, value: i64) -> Bit {
    value_of(column, name, u32::MAX as i64, value)
}
