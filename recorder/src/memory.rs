//! Copies memory of the program: what the declarations' fetches name, out of whatever holds it.

mod structures;

use std::io::IoSliceMut;

use abi::{Fetch, Place, fetch, place};
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;
use replay_schema::{Elements, NOT_COPIED, Observed};

use crate::event::Blob;

/// Most bytes that one value may hold, and so the largest buffer that is captured: the file format
/// limits an extent's stored parts to 512 MiB.
pub const LARGEST_VALUE: u64 = 256 << 20;

const PAGE: u64 = 4096;

/// Most I/O vectors in one call (IOV_MAX).
const MOST_VECTORS: u64 = 1024;

/// Most bytes of argument or environment strings that are captured for one call: what the kernel
/// allows by default, a quarter of an 8 MiB stack, and some.
const MOST_STRINGS: usize = 6 << 20;

/// Longest single argument string (MAX_ARG_STRLEN).
const LONGEST_STRING: u64 = 128 << 10;

/// Where the memory of a program is to be had.
pub trait Memory {
    /// Appends up to `length` bytes at `address` and returns how many there were.
    fn append(&self, address: u64, length: usize, bytes: &mut Vec<u8>) -> usize;
}

/// Another process's memory (process_vm_readv(2)).
impl Memory for Pid {
    fn append(&self, address: u64, length: usize, bytes: &mut Vec<u8>) -> usize {
        let start = bytes.len();
        bytes.resize(start + length, 0);
        let remote = [RemoteIoVec { base: address as usize, len: length }];
        let mut local = [IoSliceMut::new(&mut bytes[start..])];
        let read = process_vm_readv(*self, &mut local, &remote).unwrap_or(0);
        bytes.truncate(start + read);
        read
    }
}

/// Makes `fetch` for a call of the program that has `memory`, and puts the bytes at the end of `bytes`.
pub fn copy(
    memory: &impl Memory,
    fetch: &Fetch,
    observed: &Observed<'_>,
    bytes: &mut Vec<u8>,
) -> Blob {
    if !observed.applies(&fetch.when) {
        return Blob::Absent;
    }
    let Some(address) = observed.number(fetch.address).filter(|address| *address != 0) else {
        return Blob::Absent;
    };
    let start = bytes.len();
    let whole = match fetch.op {
        fetch::STRING => {
            let limit = if fetch.limit == 0 { LONGEST_STRING } else { fetch.limit };
            string(memory, address, limit, bytes)
        }
        fetch::BYTES => {
            // A length that wasn't seen, or is negative, says that there is nothing.
            let length = observed.number(fetch.length).unwrap_or(0) as i64;
            let length = u64::try_from(length).unwrap_or(0);
            let length = if fetch.limit == 0 { length } else { length.min(fetch.limit) };
            block(memory, address, length, bytes)
        }
        fetch::VECTORS => {
            let count = observed.number(fetch.length).unwrap_or(0);
            let moved = Place { kind: place::RETURN, index: 0, width: 0, signed: 0, offset: 0 };
            let moved = (fetch.at_exit != 0).then(|| observed.number(moved)).flatten();
            vectors(memory, address, count, moved.unwrap_or(u64::MAX), bytes)
        }
        fetch::STRINGS => strings(memory, address, bytes),
        fetch::STRUCTURES => {
            let count = observed.number(fetch.length).unwrap_or(0) as i64;
            structures::copy(memory, address, count.max(0) as u64, &fetch.item, observed, bytes)
        }
        _ => false,
    };
    let range = start..bytes.len();
    if whole { Blob::Copied(range) } else { Blob::Failed(range) }
}

/// Makes `fetch` after those that `blobs` and `bytes` hold: an address or length may stand in memory that one
/// of them brought.
pub fn copy_after(
    memory: &impl Memory,
    fetch: &Fetch,
    arguments: [u64; 6],
    returned: Option<(i64, i32)>,
    blobs: &[Blob],
    bytes: &mut Vec<u8>,
) -> Blob {
    let seen = if needs_memory(fetch) { blobs } else { &[] };
    let seen = seen.iter().map(|blob| blob_bytes(bytes, blob).map(<[u8]>::to_vec));
    let seen: Vec<_> = seen.collect();
    let brought: Vec<_> = seen.iter().map(Option::as_deref).collect();
    let observed = Observed { arguments, returned, memory: &brought, element: None };
    copy(memory, fetch, &observed, bytes)
}

fn needs_memory(fetch: &Fetch) -> bool {
    [fetch.address, fetch.length, fetch.when.place]
        .iter()
        .any(|place| matches!(place.kind, place::MEMORY | place::LENGTH))
}

/// The bytes of a blob that was copied whole.
pub fn blob_bytes<'b>(bytes: &'b [u8], blob: &Blob) -> Option<&'b [u8]> {
    match blob {
        Blob::Copied(range) => Some(&bytes[range.clone()]),
        Blob::Absent | Blob::Failed(_) => None,
    }
}

/// Appends `length` bytes at `address`; false, and nothing appended, if not all can be read.
fn block(memory: &impl Memory, address: u64, length: u64, bytes: &mut Vec<u8>) -> bool {
    if length == 0 {
        return true;
    }
    if length > LARGEST_VALUE {
        return false;
    }
    let start = bytes.len();
    let read = memory.append(address, length as usize, bytes);
    if read < length as usize {
        bytes.truncate(start);
        return false;
    }
    true
}

/// Appends the string at `address` with its NUL; cut off at `limit` bytes, it gets one.
fn string(memory: &impl Memory, address: u64, limit: u64, bytes: &mut Vec<u8>) -> bool {
    let start = bytes.len();
    let mut at = address;
    loop {
        let done = (bytes.len() - start) as u64;
        if done >= limit {
            bytes.truncate(start + limit as usize - 1);
            bytes.push(0);
            return true;
        }
        // Most strings are short, and the next page may not be there.
        let ahead = PAGE - at % PAGE;
        let chunk = if done == 0 { ahead.min(256) } else { ahead };
        let from = bytes.len();
        let read = memory.append(at, chunk as usize, bytes);
        if let Some(end) = bytes[from..].iter().position(|byte| *byte == 0) {
            bytes.truncate(from + end + 1);
            return true;
        }
        if (read as u64) < chunk {
            bytes.truncate(start);
            return false;
        }
        at += chunk;
    }
}

/// Appends an item: its header, then what `fill` appends; false if that fails.
fn item(
    bytes: &mut Vec<u8>,
    address: u64,
    length: impl FnOnce(u64) -> u64,
    fill: impl FnOnce(&mut Vec<u8>) -> bool,
) -> bool {
    let header = bytes.len();
    bytes.extend([0; Elements::HEADER]);
    let filled = fill(bytes);
    let count = (bytes.len() - header - Elements::HEADER) as u64;
    let count = if filled { count } else { NOT_COPIED };
    for (word, value) in [address, length(count), count].into_iter().enumerate() {
        bytes[header + 8 * word..][..8].copy_from_slice(&value.to_ne_bytes());
    }
    filled
}

/// Appends the buffers of `count` vectors at `address`, `moved` bytes of them in all.
fn vectors(
    memory: &impl Memory,
    address: u64,
    count: u64,
    moved: u64,
    bytes: &mut Vec<u8>,
) -> bool {
    let count = count.min(MOST_VECTORS);
    let mut array = Vec::new();
    if memory.append(address, (16 * count) as usize, &mut array) < (16 * count) as usize {
        return false;
    }
    let mut left = moved;
    let mut whole = true;
    for vector in array.chunks_exact(16) {
        let (base, length) = (word(vector), word(&vector[8..]));
        let here = length.min(left);
        left -= here;
        whole &= item(bytes, base, |_| length, |bytes| block(memory, base, here, bytes));
    }
    whole
}

/// Appends the strings of the NULL-terminated array at `address`.
fn strings(memory: &impl Memory, address: u64, bytes: &mut Vec<u8>) -> bool {
    let start = bytes.len();
    let mut at = address;
    let mut array = Vec::new();
    loop {
        array.clear();
        let ahead = ((PAGE - at % PAGE) / 8).max(1);
        let read = memory.append(at, (8 * ahead) as usize, &mut array);
        for pointer in array[..read - read % 8].chunks_exact(8) {
            let pointer = u64::from_ne_bytes(*pointer.first_chunk().expect("8 bytes"));
            if pointer == 0 {
                return true;
            }
            let whole =
                item(bytes, pointer, |count| count, |b| string(memory, pointer, LONGEST_STRING, b));
            if !whole || bytes.len() - start > MOST_STRINGS {
                return false;
            }
        }
        if (read as u64) < 8 * ahead {
            return false;
        }
        at += 8 * ahead;
    }
}

/// The word at the start of `bytes`, which has one.
fn word(bytes: &[u8]) -> u64 {
    u64::from_ne_bytes(*bytes.first_chunk().expect("there are 8 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process can read its own memory as it reads another's.
    fn me() -> Pid {
        Pid::this()
    }

    #[test]
    fn a_string_is_read_across_pages_and_up_to_its_nul() {
        for length in [0, 1, 255, 256, 257, 4094, 4095] {
            let text = [vec![b'x'; length], vec![0], vec![b'y'; 300]].concat();
            let mut bytes = b"before".to_vec();
            assert!(string(&me(), text.as_ptr() as u64, 4096, &mut bytes));
            assert_eq!(bytes, [&b"before"[..], &text[..=length]].concat());
        }
    }

    #[test]
    fn a_string_that_is_too_long_is_cut_and_ends_in_nul() {
        let text = vec![b'x'; 9000];
        let mut bytes = Vec::new();
        assert!(string(&me(), text.as_ptr() as u64, 4096, &mut bytes));
        assert_eq!(bytes.len(), 4096);
        assert_eq!(bytes.last(), Some(&0));
    }

    #[test]
    fn what_cannot_be_read_leaves_nothing_behind() {
        let mut bytes = b"before".to_vec();
        assert!(!string(&me(), 8, 4096, &mut bytes));
        assert!(!block(&me(), 8, 10, &mut bytes));
        assert!(!block(&me(), 4096, LARGEST_VALUE + 1, &mut bytes));
        assert_eq!(bytes, b"before");
    }

    #[test]
    fn vectors_hold_what_was_moved_and_the_lengths_that_were_given() {
        let buffers = [b"abcd".to_vec(), b"efgh".to_vec(), b"ijkl".to_vec()];
        let array: Vec<u64> =
            buffers.iter().flat_map(|buffer| [buffer.as_ptr() as u64, 4]).collect();
        let mut bytes = Vec::new();
        assert!(vectors(&me(), array.as_ptr() as u64, 3, 6, &mut bytes));
        let items: Vec<_> = Elements::new(&bytes, 0)
            .map(|item| (item.length, item.bytes.map(<[u8]>::to_vec)))
            .collect();
        let expected = [&b"abcd"[..], b"ef", b""].map(|bytes| (4, Some(bytes.to_vec())));
        assert_eq!(items, expected);
    }

    #[test]
    fn strings_end_at_the_null_pointer() {
        let texts = [&b"cp\0"[..], b"a\0", b"\0"];
        let mut array: Vec<u64> = texts.iter().map(|text| text.as_ptr() as u64).collect();
        array.push(0);
        let mut bytes = Vec::new();
        assert!(strings(&me(), array.as_ptr() as u64, &mut bytes));
        let items: Vec<_> = Elements::new(&bytes, 0).filter_map(|item| item.bytes).collect();
        assert_eq!(items, texts);
    }
}
