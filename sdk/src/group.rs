//! Columns that several calls have in common because the kernel fills in the same structure.

mod stat;
mod statfs;

pub use stat::Stat;
pub use statfs::{Fstatfs, Statfs};

use crate::declare::Declaration;

/// A structure that the kernel fills in and that becomes several columns.
pub trait Group {
    /// Number of columns that a row's fields have to pass over.
    const COLUMNS: usize;
    /// Size of the structure in bytes.
    const SIZE: usize;

    /// Adds the columns, for the structure behind argument `argument`.
    fn declare(declaration: &mut Declaration, argument: u8);
}
