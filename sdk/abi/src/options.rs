//! What people may set of a plugin: declared by it, checked by the host, handed over before any call.

use abi_stable::StableAbi;

use crate::{List, Text};

/// An option of a plugin.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct OptionDeclaration {
    /// Name: lower-case letters, digits, `-` and `_`.
    pub name: Text,
    /// One sentence for people.
    pub help: Text,
    /// What it is when nobody sets it; its kind is the option's.
    pub default: OptionValue,
    /// The values to choose from, for [`option::CHOICE`].
    pub choices: List<Text>,
    /// The lowest integer that is taken, for [`option::INTEGER`].
    pub minimum: i64,
    /// The highest one.
    pub maximum: i64,
}

/// The value of an option.
#[repr(C)]
#[derive(StableAbi, Clone, Copy)]
pub struct OptionValue {
    /// See [`option`].
    pub kind: u32,
    /// Zero.
    pub reserved: u32,
    /// The integer, or 0 and 1 for false and true.
    pub number: i64,
    /// The string, path or choice. In values that a host hands over, a NUL follows it and none is within.
    pub text: Text,
}

/// Kinds of [`OptionValue`].
pub mod option {
    /// True or false.
    pub const BOOL: u32 = 0;
    /// A signed 64-bit integer.
    pub const INTEGER: u32 = 1;
    /// UTF-8 text.
    pub const STRING: u32 = 2;
    /// A path, UTF-8; a relative one is relative to the manifest that has it, or to the working directory.
    pub const PATH: u32 = 3;
    /// One of the declared choices.
    pub const CHOICE: u32 = 4;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout_is_pinned() {
        assert_eq!(size_of::<OptionValue>(), 32);
        assert_eq!(offset_of!(OptionValue, number), 8);
        assert_eq!(offset_of!(OptionValue, text), 16);
        assert_eq!(size_of::<OptionDeclaration>(), 96);
        assert_eq!(offset_of!(OptionDeclaration, default), 32);
        assert_eq!(offset_of!(OptionDeclaration, choices), 64);
        assert_eq!(offset_of!(OptionDeclaration, minimum), 80);
    }
}
