//! The structures of an array, and the buffers that they point to.

use abi::{Condition, Item};

use super::number::Number;

/// A structure of `size` bytes in an array.
pub const fn item(size: usize) -> Item {
    Item { size: size as u32, ..Item::NONE }
}

/// The same, where the array is one of pointers.
pub const fn behind_pointers(of: Item) -> Item {
    Item { flags: of.flags | abi::item::BEHIND_POINTERS, ..of }
}

/// The same with a buffer, whose pointer and length stand at these offsets, if `when` holds.
pub const fn with_buffer(of: Item, pointer: usize, length: usize, when: Condition) -> Item {
    let flags = of.flags | abi::item::HAS_BUFFER;
    Item { flags, pointer: pointer as u32, length: length as u32, when, ..of }
}

/// The same, where the buffer's pointer stands in another structure, of `size` bytes, whose own pointer
/// stands at `pointer`. That structure's members are behind those of the first one.
pub const fn via(of: Item, pointer: usize, size: usize) -> Item {
    let flags = of.flags | abi::item::VIA;
    Item { flags, via: pointer as u32, via_size: size as u32, ..of }
}

/// The same, where the buffer is one of I/O vectors, whose bytes are put together, up to `limit` of them.
pub const fn of_vectors(of: Item, limit: Number) -> Item {
    Item { flags: of.flags | abi::item::IS_VECTORS, limit: limit.0, ..of }
}

/// The same, where no more than `limit` bytes of the buffer are there.
pub const fn up_to(of: Item, limit: Number) -> Item {
    Item { limit: limit.0, ..of }
}
