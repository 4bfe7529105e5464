//! What calls on extended attributes that look a path up from a directory are passed (setxattrat(2)).

use crate::process::{Memory, beyond};
use crate::{Process, Skip};

/// Size of `struct xattr_args`: pointer, size and flags.
pub const ARGUMENTS_SIZE: u32 = 16;

impl<'t> Process<'t> {
    /// A `struct xattr_args` with `value`, which leads to `size` bytes, and `flags`.
    ///
    /// # Errors
    /// As [`Process::memory`].
    pub fn xattr_arguments(
        &mut self,
        value: usize,
        size: usize,
        flags: Option<i32>,
    ) -> Result<Memory<'t>, Skip> {
        let (value, size) = (Some(value as i64), Some(size as i64));
        let fields = [(0, 8, value), (8, 4, size), (12, 4, flags.map(i64::from))];
        self.memory(beyond::XATTR_ARGUMENTS, ARGUMENTS_SIZE, &fields)
    }
}
