//! Collecting records until they make an extent (FORMAT.md §18.2).

use std::sync::Arc;

use crate::bytes::array;
use crate::error::Error;
use crate::extent::Value;
use crate::extent_type::Column;
use crate::extent_type::ExtentType;
use crate::extent_type::TypeError;
use crate::layout::FieldKind;
use crate::pack::unique::SharedValues;
use crate::packed::Packed;
use crate::pool;
use crate::pool::POOL_START;

/// Collects records of one type.
///
/// ```
/// # use std::sync::Arc;
/// # use dataseries::{Compression, ExtentBuilder, ExtentType};
/// let ty = Arc::new(ExtentType::parse(
///     "<ExtentType name='sizes'>
///        <field type='int64' name='bytes' />
///        <field type='variable32' name='path' opt_nullable='yes' />
///      </ExtentType>",
/// )?);
/// let [bytes, path] = ["bytes", "path"].map(|name| ty.column(name).unwrap());
///
/// let mut builder = ExtentBuilder::new(Arc::clone(&ty), 64 << 10)?;
/// builder.set_template_nulls();
/// builder.new_row();
/// builder.set_int64(bytes, 1234);
/// builder.new_row();
/// builder.set_bytes(path, b"/etc/hosts")?;
/// let stored = builder.take().compress(&Compression::default())?;
/// assert_eq!(stored.record_count(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
/// The setters panic if there is no row yet, or if the column is of another kind than they are
/// for or belongs to another type.
#[derive(Debug)]
pub struct ExtentBuilder {
    ty: Arc<ExtentType>,
    target_size: usize,
    /// What a new row looks like.
    template: Vec<u8>,
    rows: usize,
    /// Where the last row begins.
    row: usize,
    fixed: Vec<u8>,
    pool: Vec<u8>,
    /// What the pool would take if no entry were shared or given up.
    pool_charge: usize,
    shared: SharedValues,
    /// One more than the offset of the last string column set in this row.
    last_string: u32,
    /// Whether the pool has exactly the entries that belong there, in the order that they belong.
    pool_in_order: bool,
}

impl ExtentBuilder {
    /// A builder without rows. `target_size` is what an extent should have in bytes, unpacked;
    /// other writers use 64 KiB or 16 MiB.
    ///
    /// # Errors
    /// The type's options contradict each other.
    pub fn new(ty: Arc<ExtentType>, target_size: usize) -> Result<ExtentBuilder, TypeError> {
        if let Some(problem) = ty.unpackable() {
            return Err(TypeError::Unpackable { extent_type: ty.name().to_owned(), problem });
        }
        Ok(ExtentBuilder {
            template: vec![0; ty.record_size()],
            ty,
            target_size,
            rows: 0,
            row: 0,
            fixed: Vec::new(),
            pool: vec![0; POOL_START],
            pool_charge: POOL_START,
            shared: SharedValues::default(),
            last_string: 0,
            pool_in_order: true,
        })
    }

    /// The type of the records.
    pub fn extent_type(&self) -> &Arc<ExtentType> {
        &self.ty
    }

    /// Number of rows since the last [`take`](ExtentBuilder::take).
    pub fn row_count(&self) -> usize {
        self.rows
    }

    /// Bytes that the rows and their strings take so far, by the measure of the cutting rule.
    pub fn size(&self) -> usize {
        self.fixed.len() + self.pool_charge
    }

    /// Whether the extent should be cut before another row is added. The strings of that row do
    /// not count, so an extent can become larger than its target size.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.rows > 0 && self.size() + self.template.len() > self.target_size
    }

    /// Makes every nullable column of the rows to come null until it is set.
    pub fn set_template_nulls(&mut self) {
        for null in self.ty.columns().iter().filter_map(|column| column.null) {
            self.template[null.byte as usize] |= null.mask;
        }
    }

    /// Adds a row; the setters change it until the next one is added. Numbers are 0, strings
    /// empty and nothing is null, unless [`set_template_nulls`](ExtentBuilder::set_template_nulls)
    /// was called.
    #[inline]
    pub fn new_row(&mut self) {
        self.row = self.fixed.len();
        self.fixed.extend_from_slice(&self.template);
        self.rows += 1;
        self.last_string = 0;
    }

    /// Sets a bool.
    #[inline]
    pub fn set_bool(&mut self, column: &Column, value: bool) {
        column.expect(FieldKind::Bool);
        let row = self.set_not_null(column);
        let byte = &mut row[column.offset as usize];
        *byte = if value { *byte | column.mask } else { *byte & !column.mask };
    }

    /// Sets a byte.
    #[inline]
    pub fn set_byte(&mut self, column: &Column, value: u8) {
        column.expect(FieldKind::Byte);
        self.set_not_null(column)[column.offset as usize] = value;
    }

    /// Sets an int32.
    #[inline]
    pub fn set_int32(&mut self, column: &Column, value: i32) {
        column.expect(FieldKind::Int32);
        self.put(column, value.to_ne_bytes());
    }

    /// Sets an int64.
    #[inline]
    pub fn set_int64(&mut self, column: &Column, value: i64) {
        column.expect(FieldKind::Int64);
        self.put(column, value.to_ne_bytes());
    }

    /// Sets a double.
    #[inline]
    pub fn set_double(&mut self, column: &Column, value: f64) {
        column.expect(FieldKind::Double);
        self.put(column, value.to_ne_bytes());
    }

    /// Sets a variable32 or fixedwidth value; the bytes are copied once.
    ///
    /// # Errors
    /// A fixedwidth value has another length than the column, or a variable32 value would make
    /// the strings of this extent 2 GiB or more. The row is as it was before.
    #[inline]
    pub fn set_bytes(&mut self, column: &Column, value: &[u8]) -> Result<(), Error> {
        if column.kind == FieldKind::FixedWidth {
            return self.set_fixed_width(column, value);
        }
        column.expect(FieldKind::Variable32);
        let charge = if value.is_empty() { 0 } else { pool::entry_size(value.len()) };
        if charge > i32::MAX as usize - self.pool.len() {
            return Err(self.refuse(column, "the extent's strings would take 2 GiB"));
        }
        let offset = match column.packing.unique {
            true => self.shared.append(&mut self.pool, value),
            false => pool::append(&mut self.pool, value),
        };
        self.pool_charge = self.pool_charge.saturating_add(charge);
        self.note_string(column, offset);
        self.put(column, (offset as u32).to_ne_bytes());
        Ok(())
    }

    /// Sets a value as it was read.
    ///
    /// # Errors
    /// As [`Self::set_bytes`].
    ///
    /// # Panics
    /// The column is of another kind, or can't be null.
    pub fn set(&mut self, column: &Column, value: Value<'_>) -> Result<(), Error> {
        match value {
            Value::Null => self.set_null(column),
            Value::Bool(value) => self.set_bool(column, value),
            Value::Byte(value) => self.set_byte(column, value),
            Value::Int32(value) => self.set_int32(column, value),
            Value::Int64(value) => self.set_int64(column, value),
            Value::Double(value) => self.set_double(column, value),
            Value::Bytes(value) => self.set_bytes(column, value)?,
        }
        Ok(())
    }

    /// Sets a number or truth value, as far as the column's kind can hold it; false if it holds bytes.
    #[inline]
    pub fn set_number(&mut self, column: &Column, number: i64) -> bool {
        match column.kind {
            FieldKind::Bool => self.set_bool(column, number != 0),
            FieldKind::Byte => self.set_byte(column, number as u8),
            FieldKind::Int32 => self.set_int32(column, number as i32),
            FieldKind::Int64 => self.set_int64(column, number),
            FieldKind::Double => self.set_double(column, number as f64),
            FieldKind::Variable32 | FieldKind::FixedWidth => return false,
        }
        true
    }

    /// Makes a value null.
    ///
    /// # Panics
    /// The column is not nullable.
    #[inline]
    pub fn set_null(&mut self, column: &Column) {
        let null = column.null.expect("only a nullable column can be null");
        if column.kind == FieldKind::Variable32 {
            self.note_string(column, 0);
        }
        let row = &mut self.fixed[self.row..];
        row[null.byte as usize] |= null.mask;
        // What is under a null is zero, so that equal records have equal bytes.
        match column.kind {
            FieldKind::Bool => row[column.offset as usize] &= !column.mask,
            _ => row[column.offset as usize..][..column.size as usize].fill(0),
        }
    }

    /// Closes the extent and begins the next one; packing can then go on on another thread.
    pub fn take(&mut self) -> Packed {
        let mut packed = Packed::default();
        self.take_into(&mut packed);
        packed
    }

    /// Like [`take`](ExtentBuilder::take), but the next extent is built in the buffers of
    /// `packed`, whose old content is lost.
    pub fn take_into(&mut self, packed: &mut Packed) {
        if !self.pool_in_order {
            self.rebuild_pool();
        }
        packed.exchange(&self.ty, self.rows, &mut self.fixed, &mut self.pool);
        self.rows = 0;
        self.row = 0;
        self.pool_charge = POOL_START;
        self.shared.clear();
        self.last_string = 0;
        self.pool_in_order = true;
    }

    #[inline]
    fn set_not_null(&mut self, column: &Column) -> &mut [u8] {
        let row = &mut self.fixed[self.row..];
        if let Some(null) = column.null {
            row[null.byte as usize] &= !null.mask;
        }
        row
    }

    #[inline]
    fn put<const N: usize>(&mut self, column: &Column, bytes: [u8; N]) {
        let row = self.set_not_null(column);
        row[column.offset as usize..][..N].copy_from_slice(&bytes);
    }

    fn set_fixed_width(&mut self, column: &Column, value: &[u8]) -> Result<(), Error> {
        if value.len() != column.size as usize {
            return Err(self.refuse(column, "the value has another length than the field"));
        }
        let row = self.set_not_null(column);
        row[column.offset as usize..][..value.len()].copy_from_slice(value);
        Ok(())
    }

    #[cold]
    fn refuse(&self, column: &Column, reason: &str) -> Error {
        Error::Value {
            extent_type: self.ty.name().to_owned(),
            field: column.name.clone(),
            reason: reason.to_owned(),
        }
    }

    /// Finds out whether setting a string column to this offset leaves the pool as it has to be.
    #[inline]
    fn note_string(&mut self, column: &Column, offset: usize) {
        let before: [u8; 4] = array(&self.fixed[self.row..], column.offset as usize);
        let too_late = offset != 0 && column.offset < self.last_string;
        if before != [0; 4] || too_late {
            self.pool_in_order = false;
        }
        self.last_string = self.last_string.max(column.offset + 1);
    }

    /// Lays the strings out again: records in order, their columns in order, nothing else.
    fn rebuild_pool(&mut self) {
        let old = std::mem::replace(&mut self.pool, vec![0; POOL_START]);
        self.shared.clear();
        let strings = &self.ty.transforms().strings;
        for record in self.fixed.chunks_exact_mut(self.ty.record_size()) {
            for string in strings {
                let at = string.offset as usize;
                let offset = u32::from_ne_bytes(array(record, at)) as usize;
                let value = pool::value(&old, offset).expect("the builder made this offset");
                let offset = match string.unique {
                    true => self.shared.append(&mut self.pool, value),
                    false => pool::append(&mut self.pool, value),
                };
                record[at..at + 4].copy_from_slice(&(offset as u32).to_ne_bytes());
            }
        }
    }
}
