//! What was rewritten in one process.

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::rc::Rc;

use super::text::{Found, Mapping};
use super::x86_64::stubs;

/// How far from its code a stub may be: a jump reaches 2 GiB, and code is long.
const REACH: u64 = 3 << 29;

/// How far from its code a stub is put if there is room: out of the way of what grows.
const DISTANCE: u64 = 1 << 30;

/// Space that is left to the neighbours of stubs.
const MARGIN: u64 = 0x1_0000;

/// Bytes of stubs that are mapped at once.
pub const PIECE: u64 = 0x10_0000;

/// Code that was rewritten.
#[derive(Clone, Debug)]
struct Text {
    addresses: Range<u64>,
    found: Rc<Found>,
    /// Where its first stub is.
    stubs: u64,
}

/// Memory for stubs.
#[derive(Clone, Debug)]
struct Room {
    start: u64,
    end: u64,
    used: u64,
}

/// What was rewritten in one process.
#[derive(Clone, Debug, Default)]
pub struct Space {
    rooms: Vec<Room>,
    texts: Vec<Text>,
    /// No thread may use the hook any more.
    pub is_off: bool,
}

/// A process's memory, as its tracer has it.
pub fn memory(pid: i32) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(format!("/proc/{pid}/mem"))
}

/// `length` bytes at `address`.
pub fn read(memory: &File, address: u64, length: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    memory.read_exact_at(&mut bytes, address).ok()?;
    Some(bytes)
}

impl Space {
    /// Takes `size` bytes for stubs near `code`, from what is mapped.
    pub fn take(&mut self, code: &Range<u64>, size: u64) -> Option<u64> {
        let room = self.rooms.iter_mut().find(|room| {
            let near = code.start.abs_diff(room.end).max(code.end.abs_diff(room.start)) < REACH;
            near && room.end - room.start - room.used >= size
        })?;
        let stubs = room.start + room.used;
        room.used += size;
        Some(stubs)
    }

    /// There is memory for stubs at `addresses` now.
    pub fn add_room(&mut self, addresses: Range<u64>) {
        self.rooms.push(Room { start: addresses.start, end: addresses.end, used: 0 });
    }

    /// Rewrites the code at `addresses`: its stubs go to `stubs`. Returns how many sites that are.
    ///
    /// # Errors
    /// The process is gone, or its memory can't be written.
    pub fn rewrite(
        &mut self,
        memory: &File,
        addresses: Range<u64>,
        found: Rc<Found>,
        stubs: u64,
    ) -> io::Result<usize> {
        let code = addresses.start;
        let mut bytes = Vec::with_capacity(found.stubs.len() * stubs::SIZE);
        let mut jumps = Vec::with_capacity(found.stubs.len());
        for (number, stub) in found.stubs.iter().enumerate() {
            let at = stubs + (number * stubs::SIZE) as u64;
            let placed = stub.place(code, at).zip(stub.jump(code, at));
            // A stub that something is too far from stays unused.
            let (placed, jump) = placed
                .map_or((vec![stubs::UNUSED; stubs::SIZE], None), |(placed, jump)| {
                    (placed, Some((code + stub.at as u64, jump)))
                });
            bytes.extend(placed);
            jumps.extend(jump);
        }
        memory.write_all_at(&bytes, stubs)?;
        for (at, jump) in &jumps {
            memory.write_all_at(jump, *at)?;
        }
        self.texts.push(Text { addresses, found, stubs });
        Ok(jumps.len())
    }

    /// What the program believes its instruction pointer to be, if it is in a stub.
    pub fn original(&self, address: u64) -> Option<u64> {
        let text = self
            .texts
            .iter()
            .find(|text| (text.stubs..text.stubs + text.found.size()).contains(&address))?;
        let offset = (address - text.stubs) as usize;
        let stub = &text.found.stubs[offset / stubs::SIZE];
        let original = stub.original((offset % stubs::SIZE) as u8);
        Some(text.addresses.start + stub.at as u64 + u64::from(original))
    }

    /// Where an instruction is that the program believes to be at `address`, if it was moved.
    pub fn moved(&self, address: u64) -> Option<u64> {
        let text = self.texts.iter().find(|text| text.addresses.contains(&address))?;
        let offset = (address - text.addresses.start) as usize;
        let (number, stub) = text.found.around(offset)?;
        // The site itself is a jump, and stays where it is.
        let moved = stub.moved((offset - stub.at) as u8)?;
        Some(text.stubs + (number * stubs::SIZE) as u64 + u64::from(moved))
    }

    /// What is at `addresses` is gone.
    pub fn unmap(&mut self, addresses: &Range<u64>) {
        self.texts.retain(|text| {
            text.addresses.end <= addresses.start || text.addresses.start >= addresses.end
        });
    }

    /// Whether something of `addresses` was rewritten.
    pub fn touches(&self, addresses: &Range<u64>) -> bool {
        self.texts.iter().any(|text| {
            text.addresses.end > addresses.start && text.addresses.start < addresses.end
        })
    }

    /// Makes all stubs go to their own `syscall` instruction, and never to the hook.
    pub fn switch_off(&mut self, memory: &File) {
        self.is_off = true;
        for text in &self.texts {
            for number in 0..text.found.stubs.len() {
                let at = text.stubs + (number * stubs::SIZE) as u64;
                // It is gone if this can't be written.
                let _ = memory.write_all_at(&stubs::OFF, at);
            }
        }
    }
}

/// Where `size` bytes for stubs for `code` can be mapped, between `mappings`.
pub fn place(mappings: &[Mapping], code: &Range<u64>, size: u64) -> Option<u64> {
    let size = size.next_multiple_of(PIECE);
    let is_free = |start: u64| {
        let (from, to) = (start - MARGIN, start + size + MARGIN);
        mappings.iter().all(|mapping| mapping.end <= from || mapping.start >= to)
    };
    let far = code.start.checked_sub(DISTANCE).filter(|start| *start > MARGIN && is_free(*start));
    far.or_else(|| {
        // Right below something: what grows, grows upwards.
        let below = mappings.iter().rev().filter(|mapping| mapping.start <= code.start);
        let starts = below.filter_map(|mapping| mapping.start.checked_sub(MARGIN + size));
        let mut starts = starts.filter(|start| *start > 2 * MARGIN);
        starts.find(|start| code.end - start < REACH && is_free(*start))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapping(start: u64, end: u64) -> Mapping {
        let path = String::new();
        Mapping { start, end, is_private_code: true, offset: 0, inode: 1, path }
    }

    #[test]
    fn stubs_are_put_below_their_code() {
        let high = 0x7f00_0000_0000;
        let all = [mapping(high, high + 0x1000)];
        assert_eq!(place(&all, &(high..high + 0x1000), 100), Some(high - DISTANCE));
        let low = [mapping(0x40_0000, 0x50_0000), mapping(0x60_0000, 0x70_0000)];
        let found = place(&low, &(0x40_0000..0x50_0000), 100).expect("there is room below");
        assert!(found + PIECE < 0x40_0000 && found > MARGIN);
    }

    #[test]
    fn without_room_there_are_no_stubs() {
        let all = [mapping(0x1_0000, 0x1_0000_0000)];
        assert_eq!(place(&all, &(0x8000_0000..0x8100_0000), 100), None);
    }
}
