//! When memory is copied, and how much of it where another number of the call says so.

use abi::Fetch;

use super::number::{ALWAYS, SUCCESS};

/// When memory is copied from the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// When the call is entered.
    Before,
    /// When it returns, if it succeeded.
    After,
}

impl Moment {
    /// `fetch` at this moment: where nothing else says when the memory means something, a failed call has filled in
    /// none.
    pub(super) fn of(self, fetch: Fetch) -> Fetch {
        match (self, fetch.when) {
            (Self::Before, _) => fetch,
            (Self::After, ALWAYS) => Fetch { at_exit: 1, when: SUCCESS, ..fetch },
            (Self::After, _) => Fetch { at_exit: 1, ..fetch },
        }
    }
}

/// How many bytes stand behind a pointer if another number of the call is a certain one.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub(super) number: i32,
    pub(super) length: u32,
    pub(super) moment: Moment,
}

/// The length that `sizes` has for `number`; 0 if it has none.
pub fn size_of(sizes: &[Size], number: i32) -> u32 {
    sizes.iter().find(|size| size.number == number).map_or(0, |size| size.length)
}

/// If the number is `number`, the program passes `length` bytes.
pub const fn passed(number: i32, length: u32) -> Size {
    Size { number, length, moment: Moment::Before }
}

/// If the number is `number`, the kernel fills in `length` bytes.
pub const fn filled(number: i32, length: u32) -> Size {
    Size { number, length, moment: Moment::After }
}

/// The program passes as many items of `size` bytes as the number says, up to 16 of them.
pub const fn items_passed(size: u32) -> [Size; 16] {
    items(passed(1, size))
}

/// The kernel fills in as many items of `size` bytes as the number says, up to 16 of them.
pub const fn items_filled(size: u32) -> [Size; 16] {
    items(filled(1, size))
}

const fn items(one: Size) -> [Size; 16] {
    let mut sizes = [one; 16];
    let mut i = 0;
    while i < sizes.len() {
        sizes[i].number = i as i32 + 1;
        sizes[i].length = one.length * (i as u32 + 1);
        i += 1;
    }
    sizes
}
