//! Arrays of structures, with the memory that belongs to each.

use abi::{Item, item};
use replay_schema::{Element, Elements, NOT_COPIED, Observed};

use crate::memory::{MOST_VECTORS, Memory, block, word};

/// Most structures in one array.
const MOST_STRUCTURES: u64 = 65_536;

/// Appends the `count` structures of the array at `address`, each with the buffer that belongs to it.
pub(super) fn copy(
    memory: &impl Memory,
    address: u64,
    count: u64,
    of: &Item,
    observed: &Observed<'_>,
    bytes: &mut Vec<u8>,
) -> bool {
    if count > MOST_STRUCTURES {
        return false;
    }
    let behind_pointers = of.flags & item::BEHIND_POINTERS != 0;
    let step = if behind_pointers { 8 } else { u64::from(of.size) };
    let mut array = Vec::new();
    if !block(memory, address, count * step, &mut array) {
        return false;
    }
    let mut whole = true;
    for (number, place) in array.chunks_exact(step as usize).enumerate() {
        let mut structure = Vec::new();
        let at = if behind_pointers { word(place) } else { address + number as u64 * step };
        if behind_pointers {
            whole &= block(memory, at, of.size.into(), &mut structure);
            structure.resize(of.size as usize, 0);
        } else {
            structure.extend_from_slice(place);
        }
        if of.flags & item::VIA != 0 {
            // What can't be read is zero; so is the buffer's pointer then.
            let via = structure.get(of.via as usize..).and_then(|rest| rest.first_chunk());
            let via = via.map_or(0, |bytes| u64::from_ne_bytes(*bytes));
            memory.append(via, of.via_size as usize, &mut structure);
            structure.resize((of.size + of.via_size) as usize, 0);
        }
        let element =
            Element { number, address: at, length: 0, structure: &structure, bytes: None };
        whole &= structure_item(
            memory,
            at,
            of,
            &Observed { element: Some(element), ..*observed },
            bytes,
        );
    }
    whole
}

/// Appends one structure as an item: header, structure, buffer.
fn structure_item(
    memory: &impl Memory,
    at: u64,
    of: &Item,
    observed: &Observed<'_>,
    bytes: &mut Vec<u8>,
) -> bool {
    let structure = observed.element.map_or(&[][..], |element| element.structure);
    let field = |offset: u32| {
        structure.get(offset as usize..)?.first_chunk().map(|w| u64::from_ne_bytes(*w))
    };
    let length = field(of.length).unwrap_or(0);
    let header = bytes.len();
    bytes.extend([0; Elements::HEADER]);
    bytes.extend_from_slice(structure);
    let start = bytes.len();
    let has_buffer =
        of.flags & item::HAS_BUFFER != 0 && length as i64 >= 0 && observed.applies(&of.when);
    let limit = match of.limit.kind {
        abi::place::NONE => u64::MAX,
        _ => observed.number(of.limit).map_or(0, |limit| (limit as i64).max(0) as u64),
    };
    let copied = has_buffer && {
        let behind = if of.flags & item::VIA != 0 { of.size } else { 0 };
        match field(behind + of.pointer) {
            Some(0) | None => false,
            Some(pointer) if of.flags & item::IS_VECTORS != 0 => {
                joined(memory, pointer, length, limit, bytes)
            }
            Some(pointer) => block(memory, pointer, length.min(limit), bytes),
        }
    };
    let count = if copied { (bytes.len() - start) as u64 } else { NOT_COPIED };
    for (word, value) in [at, length, count].into_iter().enumerate() {
        bytes[header + 8 * word..][..8].copy_from_slice(&value.to_ne_bytes());
    }
    copied || !has_buffer
}

/// Appends the bytes of `count` vectors at `address`, `limit` of them at most, put together.
fn joined(memory: &impl Memory, address: u64, count: u64, limit: u64, bytes: &mut Vec<u8>) -> bool {
    let mut array = Vec::new();
    if !block(memory, address, 16 * count.min(MOST_VECTORS), &mut array) {
        return false;
    }
    let (start, mut left) = (bytes.len(), limit);
    for vector in array.chunks_exact(16) {
        let here = word(&vector[8..]).min(left);
        left -= here;
        if !block(memory, word(vector), here, bytes) {
            bytes.truncate(start);
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::{Place, place};
    use nix::unistd::Pid;

    /// A process can read its own memory as it reads another's.
    fn me() -> Pid {
        Pid::this()
    }

    #[test]
    fn a_structure_comes_with_its_buffer() {
        #[repr(C)]
        struct Request {
            code: u64,
            buffer: *const u8,
            length: u64,
        }
        let data = b"abcdef";
        let request = |code, length| Request { code, buffer: data.as_ptr(), length };
        let requests = [request(1, 3), request(2, 6), request(1, 5)];
        let pointers: Vec<u64> = requests.iter().map(|r| (&raw const *r) as u64).collect();
        let is_first = Place { kind: place::ELEMENT, index: 0, width: 4, signed: 1, offset: 0 };
        let when = abi::Condition {
            op: abi::condition::EQUAL,
            place: is_first,
            mask: u32::MAX.into(),
            value: 1,
        };
        let limit = Place { kind: place::CONSTANT, offset: 4, ..is_first };
        let flags = item::HAS_BUFFER | item::BEHIND_POINTERS;
        let of = Item { size: 24, flags, pointer: 8, length: 16, limit, when, ..Item::NONE };
        let nothing = Observed { arguments: [0; 6], returned: None, memory: &[], element: None };
        let mut bytes = Vec::new();
        assert!(copy(&me(), pointers.as_ptr() as u64, 3, &of, &nothing, &mut bytes));
        let items: Vec<_> =
            Elements::new(&bytes, 24).map(|item| (item.length, item.bytes)).collect();
        assert_eq!(items, [(3, Some(&b"abc"[..])), (6, None), (5, Some(&b"abcd"[..]))]);
        assert!(!copy(&me(), 8, 3, &of, &nothing, &mut Vec::new()));
    }
}
