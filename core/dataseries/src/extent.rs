//! An unpacked extent: records and strings in host order, ready to be read.

use std::fmt;
use std::sync::Arc;

use crate::bytes::array;
use crate::extent_type::Column;
use crate::extent_type::ExtentType;
use crate::layout::FieldKind;
use crate::pool;

/// Records of one type with their strings. Every number is in host order and every transform is
/// undone.
///
/// A string lies in the [`pool`](Extent::pool): its column holds the offset of a length word (an
/// `i32` in host order), and the bytes follow that word. Unless the checks left it out, every
/// offset of every record is known to be good.
#[derive(Debug, Clone)]
pub struct Extent {
    ty: Arc<ExtentType>,
    offset: u64,
    rows: usize,
    fixed: Vec<u8>,
    pool: Vec<u8>,
    has_pool: bool,
    offsets_checked: bool,
    /// Null-compacted records on their way.
    scratch: Vec<u8>,
}

impl Extent {
    /// An extent without rows, whose buffers [`unpack_into`](crate::StoredExtent::unpack_into)
    /// fills. It can be used for extents of any type in turn.
    pub fn empty(ty: &Arc<ExtentType>) -> Extent {
        Extent {
            ty: Arc::clone(ty),
            offset: 0,
            rows: 0,
            fixed: Vec::new(),
            pool: Vec::new(),
            has_pool: false,
            offsets_checked: false,
            scratch: Vec::new(),
        }
    }

    /// The type of the records.
    pub fn extent_type(&self) -> &Arc<ExtentType> {
        &self.ty
    }

    /// Where the extent was in its file, in bytes.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Number of records.
    pub fn row_count(&self) -> usize {
        self.rows
    }

    /// Bytes of one record.
    pub fn record_size(&self) -> usize {
        self.ty.record_size()
    }

    /// The records, one after the other: `row_count × record_size` bytes.
    pub fn fixed(&self) -> &[u8] {
        // Where unpacking failed, the buffer holds more than that.
        &self.fixed[..self.rows * self.record_size()]
    }

    /// The strings; `None` if only the fixed part was unpacked.
    pub fn pool(&self) -> Option<&[u8]> {
        self.has_pool.then_some(&self.pool)
    }

    /// Whether every string offset of every record was checked, so that the pool can be read
    /// through them without looking at its bounds.
    pub fn offsets_checked(&self) -> bool {
        self.offsets_checked
    }

    /// Record number `row`, from 0.
    ///
    /// # Panics
    /// There is no such record.
    #[inline]
    pub fn row(&self, row: usize) -> Row<'_> {
        assert!(row < self.rows, "row {row} of an extent with {}", self.rows);
        let size = self.record_size();
        Row { fixed: &self.fixed[row * size..][..size], pool: self.pool() }
    }

    /// The records in turn.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.rows).map(|row| self.row(row))
    }

    /// Record number `row`, to be changed in place. What it refers to in the pool stays.
    ///
    /// # Panics
    /// There is no such record.
    #[inline]
    pub fn row_mut(&mut self, row: usize) -> RowMut<'_> {
        assert!(row < self.rows, "row {row} of an extent with {}", self.rows);
        let size = self.record_size();
        RowMut { fixed: &mut self.fixed[row * size..][..size] }
    }

    /// Bytes of its records and strings.
    pub fn size(&self) -> usize {
        self.fixed.len() + self.pool().map_or(0, <[u8]>::len)
    }

    /// Makes the extent one of `ty` whose content is still to come.
    pub(crate) fn reset(&mut self, ty: &Arc<ExtentType>, offset: u64) {
        if !Arc::ptr_eq(&self.ty, ty) {
            self.ty = Arc::clone(ty);
        }
        self.offset = offset;
        self.filled(0, false, false);
    }

    /// Says what the buffers hold now.
    pub(crate) fn filled(&mut self, rows: usize, has_pool: bool, offsets_checked: bool) {
        self.rows = rows;
        self.has_pool = has_pool;
        self.offsets_checked = has_pool && offsets_checked;
    }

    pub(crate) fn fixed_mut(&mut self) -> &mut Vec<u8> {
        &mut self.fixed
    }

    pub(crate) fn pool_mut(&mut self) -> &mut Vec<u8> {
        &mut self.pool
    }

    pub(crate) fn fixed_and_pool(&mut self) -> (&mut [u8], &mut [u8]) {
        (&mut self.fixed, &mut self.pool)
    }

    pub(crate) fn fixed_and_scratch(&mut self) -> (&mut Vec<u8>, &mut Vec<u8>) {
        (&mut self.fixed, &mut self.scratch)
    }

    /// The type and both buffers.
    ///
    /// # Panics
    /// Only the fixed part was unpacked.
    pub(crate) fn into_parts(self) -> (Arc<ExtentType>, usize, Vec<u8>, Vec<u8>) {
        assert!(self.has_pool, "the variable part was not unpacked");
        (self.ty, self.rows, self.fixed, self.pool)
    }
}

/// A value, or that there is none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// Of a bool field.
    Bool(bool),
    /// Of a byte field.
    Byte(u8),
    /// Of an int32 field.
    Int32(i32),
    /// Of an int64 field.
    Int64(i64),
    /// Of a double field; the field's base is not added.
    Double(f64),
    /// Of a variable32 or fixedwidth field.
    Bytes(&'a [u8]),
}

/// A record. The accessors read the value's bytes whether it is null or not.
///
/// # Panics
/// The accessors panic if the column is of another kind than they are for, or lies outside the
/// record because it belongs to another type.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    fixed: &'a [u8],
    pool: Option<&'a [u8]>,
}

impl<'a> Row<'a> {
    /// The record's bytes.
    #[inline]
    pub fn fixed(&self) -> &'a [u8] {
        self.fixed
    }

    /// Whether the value is null.
    #[inline]
    pub fn is_null(&self, column: &Column) -> bool {
        column.null.is_some_and(|null| null.is_set(self.fixed))
    }

    /// A bool.
    #[inline]
    pub fn bool(&self, column: &Column) -> bool {
        column.expect(FieldKind::Bool);
        self.fixed[column.offset as usize] & column.mask != 0
    }

    /// A byte.
    #[inline]
    pub fn byte(&self, column: &Column) -> u8 {
        column.expect(FieldKind::Byte);
        self.fixed[column.offset as usize]
    }

    /// An int32.
    #[inline]
    pub fn int32(&self, column: &Column) -> i32 {
        column.expect(FieldKind::Int32);
        i32::from_ne_bytes(array(self.fixed, column.offset as usize))
    }

    /// An int64.
    #[inline]
    pub fn int64(&self, column: &Column) -> i64 {
        column.expect(FieldKind::Int64);
        i64::from_ne_bytes(array(self.fixed, column.offset as usize))
    }

    /// A double.
    #[inline]
    pub fn double(&self, column: &Column) -> f64 {
        column.expect(FieldKind::Double);
        f64::from_ne_bytes(array(self.fixed, column.offset as usize))
    }

    /// A variable32 or fixedwidth value.
    ///
    /// # Panics
    /// The column is a variable32, and only the fixed part was unpacked.
    #[inline]
    pub fn bytes(&self, column: &Column) -> &'a [u8] {
        if column.kind == FieldKind::FixedWidth {
            return &self.fixed[column.offset as usize..][..column.size as usize];
        }
        column.expect(FieldKind::Variable32);
        let pool = self.pool.expect("the variable part was not unpacked");
        let offset = u32::from_ne_bytes(array(self.fixed, column.offset as usize));
        pool::value(pool, offset as usize).unwrap_or_default()
    }

    /// The value of any column.
    pub fn get(&self, column: &Column) -> Value<'a> {
        match column.kind {
            _ if self.is_null(column) => Value::Null,
            FieldKind::Bool => Value::Bool(self.bool(column)),
            FieldKind::Byte => Value::Byte(self.byte(column)),
            FieldKind::Int32 => Value::Int32(self.int32(column)),
            FieldKind::Int64 => Value::Int64(self.int64(column)),
            FieldKind::Double => Value::Double(self.double(column)),
            FieldKind::Variable32 | FieldKind::FixedWidth => Value::Bytes(self.bytes(column)),
        }
    }
}

/// A record whose values of fixed size can be changed.
///
/// # Panics
/// The setters panic as the accessors of a [`Row`] do.
#[derive(Debug)]
pub struct RowMut<'a> {
    fixed: &'a mut [u8],
}

impl RowMut<'_> {
    /// The record as it is.
    pub fn row(&self) -> Row<'_> {
        Row { fixed: self.fixed, pool: None }
    }

    /// Sets a bool; it is not null then.
    pub fn set_bool(&mut self, column: &Column, value: bool) {
        column.expect(FieldKind::Bool);
        self.not_null(column);
        let byte = &mut self.fixed[column.offset as usize];
        *byte = if value { *byte | column.mask } else { *byte & !column.mask };
    }

    /// Sets an int32; it is not null then.
    pub fn set_int32(&mut self, column: &Column, value: i32) {
        column.expect(FieldKind::Int32);
        self.not_null(column);
        self.fixed[column.offset as usize..][..4].copy_from_slice(&value.to_ne_bytes());
    }

    /// Sets an int64; it is not null then.
    pub fn set_int64(&mut self, column: &Column, value: i64) {
        column.expect(FieldKind::Int64);
        self.not_null(column);
        self.fixed[column.offset as usize..][..8].copy_from_slice(&value.to_ne_bytes());
    }

    fn not_null(&mut self, column: &Column) {
        if let Some(null) = column.null {
            self.fixed[null.byte as usize] &= !null.mask;
        }
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("fixed", &self.fixed).finish_non_exhaustive()
    }
}
