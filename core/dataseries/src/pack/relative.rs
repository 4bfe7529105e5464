//! Numbers stored as differences (`pack_relative`): to the record before, or to another field of
//! the same record.

use crate::bytes::array;
use crate::extent_type::Column;
use crate::layout::Bit;
use crate::layout::FieldKind;

/// A field that is relative to itself in the record before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SelfRelative {
    offset: usize,
    kind: FieldKind,
    /// The double's scale; sums are brought back onto its multiples.
    scale: f64,
    skip: Option<Bit>,
}

/// A field that is relative to an earlier field of the same record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OtherRelative {
    offset: usize,
    base: usize,
    kind: FieldKind,
    skip: Option<Bit>,
}

/// The numbers that can be relative: integers wrap, doubles do not.
trait Number: Copy + Default {
    fn read(record: &[u8], at: usize) -> Self;
    fn write(self, record: &mut [u8], at: usize);
    fn plus(self, other: Self) -> Self;
    fn minus(self, other: Self) -> Self;
}

macro_rules! number {
    ($type:ty, $plus:expr, $minus:expr) => {
        impl Number for $type {
            #[inline]
            fn read(record: &[u8], at: usize) -> $type {
                <$type>::from_ne_bytes(array(record, at))
            }
            #[inline]
            fn write(self, record: &mut [u8], at: usize) {
                record[at..at + size_of::<$type>()].copy_from_slice(&self.to_ne_bytes());
            }
            #[inline]
            fn plus(self, other: $type) -> $type {
                $plus(self, other)
            }
            #[inline]
            fn minus(self, other: $type) -> $type {
                $minus(self, other)
            }
        }
    };
}

number!(i32, i32::wrapping_add, i32::wrapping_sub);
number!(i64, i64::wrapping_add, i64::wrapping_sub);
number!(f64, |a, b| a + b, |a, b| a - b);

impl SelfRelative {
    pub fn new(column: &Column, skip: Option<Bit>) -> SelfRelative {
        let scale = column.packing.scale.unwrap_or(1.0);
        SelfRelative { offset: column.offset as usize, kind: column.kind, scale, skip }
    }

    pub fn undo(&self, records: &mut [u8], record_size: usize) {
        match self.kind {
            FieldKind::Int32 => self.sum(records, record_size, i32::plus),
            FieldKind::Int64 => self.sum(records, record_size, i64::plus),
            _ => {
                let multiplier = 1.0 / self.scale;
                let add = |x: f64, last: f64| ((x + last) * multiplier).round() * self.scale;
                self.sum(records, record_size, add);
            }
        }
    }

    pub fn apply(&self, records: &mut [u8], record_size: usize) {
        match self.kind {
            FieldKind::Int32 => self.differ::<i32>(records, record_size),
            FieldKind::Int64 => self.differ::<i64>(records, record_size),
            _ => self.differ::<f64>(records, record_size),
        }
    }

    fn sum<N: Number>(&self, records: &mut [u8], record_size: usize, add: impl Fn(N, N) -> N) {
        let mut last = N::default();
        for record in records.chunks_exact_mut(record_size) {
            if self.skip.is_some_and(|null| null.is_set(record)) {
                continue;
            }
            last = add(N::read(record, self.offset), last);
            last.write(record, self.offset);
        }
    }

    fn differ<N: Number>(&self, records: &mut [u8], record_size: usize) {
        let mut last = N::default();
        for record in records.chunks_exact_mut(record_size) {
            if self.skip.is_some_and(|null| null.is_set(record)) {
                continue;
            }
            let value = N::read(record, self.offset);
            value.minus(last).write(record, self.offset);
            last = value;
        }
    }
}

impl OtherRelative {
    pub fn new(column: &Column, base: &Column, skip: Option<Bit>) -> OtherRelative {
        OtherRelative {
            offset: column.offset as usize,
            base: base.offset as usize,
            kind: column.kind,
            skip,
        }
    }

    pub fn undo(&self, records: &mut [u8], record_size: usize) {
        match self.kind {
            FieldKind::Int32 => self.combine(records, record_size, i32::plus),
            FieldKind::Int64 => self.combine(records, record_size, i64::plus),
            _ => self.combine(records, record_size, f64::plus),
        }
    }

    pub fn apply(&self, records: &mut [u8], record_size: usize) {
        match self.kind {
            FieldKind::Int32 => self.combine(records, record_size, i32::minus),
            FieldKind::Int64 => self.combine(records, record_size, i64::minus),
            _ => self.combine(records, record_size, f64::minus),
        }
    }

    fn combine<N: Number>(&self, records: &mut [u8], record_size: usize, f: impl Fn(N, N) -> N) {
        for record in records.chunks_exact_mut(record_size) {
            if self.skip.is_some_and(|null| null.is_set(record)) {
                continue;
            }
            let value = f(N::read(record, self.offset), N::read(record, self.base));
            value.write(record, self.offset);
        }
    }
}
