//! One column of one row, where it was unpacked.

use abi::{Row, Slot};

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
