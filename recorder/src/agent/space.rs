//! What was rewritten in one process.

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::rc::Rc;

use super::text::{Found, Mapping};
use super::x86_64::stubs::{self, Stub};

/// How far from its code a stub may be: a jump reaches 2 GiB, and code is long.
const REACH: u64 = 3 << 29;

/// How far from its code a stub is put if there is room: out of the way of what grows.
const DISTANCE: u64 = 1 << 30;

/// Space that is left to the neighbours of stubs.
const MARGIN: u64 = 0x1_0000;

/// Bytes of stubs that are mapped at once.
pub const PIECE: u64 = 0x10_0000;

/// Bytes of a page of code.
const PAGE: u64 = 4096;

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

impl Room {
    /// Whether `size` bytes for stubs for `code` are left here.
    fn has(&self, code: &Range<u64>, size: u64) -> bool {
        let near = code.start.abs_diff(self.end).max(code.end.abs_diff(self.start)) < REACH;
        near && self.end - self.start - self.used >= size
    }
}

/// What was rewritten in one process.
#[derive(Clone, Debug, Default)]
pub struct Space {
    rooms: Vec<Room>,
    texts: Vec<Text>,
    /// No thread may use the hook any more.
    pub is_off: bool,
    /// Only the areas that were in use are mapped still: new threads have none.
    pub is_tight: bool,
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
    /// Whether there are `size` bytes for stubs near `code`.
    pub fn has_room(&self, code: &Range<u64>, size: u64) -> bool {
        self.rooms.iter().any(|room| room.has(code, size))
    }

    /// Takes `size` bytes for stubs near `code`, from what is mapped.
    pub fn take(&mut self, code: &Range<u64>, size: u64) -> Option<u64> {
        let room = self.rooms.iter_mut().find(|room| room.has(code, size))?;
        let stubs = room.start + room.used;
        room.used += size;
        Some(stubs)
    }

    /// There is memory for stubs at `addresses` now.
    pub fn add_room(&mut self, addresses: Range<u64>) {
        self.rooms.push(Room { start: addresses.start, end: addresses.end, used: 0 });
    }

    /// Rewrites the code at `addresses`: its stubs go to `stubs`. Returns how many sites that are: all that
    /// were found, or none if the code isn't what it was found to be, or a stub is too far from it.
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
        let Some(runs) = rewritten(memory, &addresses, &found, stubs)? else { return Ok(0) };
        let mut bytes = Vec::with_capacity(found.stubs.len() * stubs::SIZE);
        for (stub, at) in found.stubs.iter().zip((stubs..).step_by(stubs::SIZE)) {
            let Some(placed) = stub.place(addresses.start, at) else { return Ok(0) };
            bytes.extend(placed);
        }
        memory.write_all_at(&bytes, stubs)?;
        for (start, bytes) in runs {
            memory.write_all_at(&bytes, start)?;
        }
        let count = found.stubs.len();
        self.texts.push(Text { addresses, found, stubs });
        Ok(count)
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

/// Pages that follow one another: where they are, and what is in them.
type Run = (u64, Vec<u8>);

/// The pages at `addresses` with the sites of `found` rewritten, as runs of pages and where each is: the kernel
/// copies a page that is written to in any case, and takes its time for each write. None if some code isn't what
/// was found, or a stub is too far from it.
fn rewritten(
    memory: &File,
    addresses: &Range<u64>,
    found: &Found,
    stubs: u64,
) -> io::Result<Option<Vec<Run>>> {
    let code = addresses.start;
    let page = |offset: usize| (code + offset as u64) / PAGE * PAGE;
    let mut runs: Vec<Range<u64>> = Vec::new();
    for stub in &found.stubs {
        let pages = page(stub.at)..page(stub.at + stub.length - 1) + PAGE;
        match runs.last_mut() {
            Some(last) if last.end >= pages.start => last.end = last.end.max(pages.end),
            _ => runs.push(pages),
        }
    }
    let mut rewritten = Vec::with_capacity(runs.len());
    let mut stubs = found.stubs.iter().zip((stubs..).step_by(stubs::SIZE)).peekable();
    for run in runs {
        let mut bytes = vec![0; (run.end - run.start) as usize];
        memory.read_exact_at(&mut bytes, run.start)?;
        let is_here = |(stub, _): &(&Stub, u64)| code + (stub.at as u64) < run.end;
        while let Some((stub, at)) = stubs.next_if(is_here) {
            let offset = (code + stub.at as u64 - run.start) as usize;
            let Some(jump) = stub.jump(code, at) else { return Ok(None) };
            if !bytes[offset..].starts_with(&stub.replaced) {
                return Ok(None);
            }
            bytes[offset..][..jump.len()].copy_from_slice(&jump);
        }
        rewritten.push((run.start, bytes));
    }
    Ok(Some(rewritten))
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
    use super::super::x86_64::sites::find;
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

    /// mov eax, 1; syscall; cmp rax, -4096; ja +0x10; ret
    const WRAPPER: [u8; 16] =
        [0xb8, 1, 0, 0, 0, 0x0f, 0x05, 0x48, 0x3d, 0x00, 0xf0, 0xff, 0xff, 0x77, 0x10, 0xc3];

    /// Three pages of code, with a wrapper in the first and one across the end of the second; and what was found.
    fn code() -> (Vec<u8>, Rc<Found>) {
        let mut code = vec![0x90; 3 * PAGE as usize];
        let functions = [0x100, 2 * PAGE as usize - 8].map(|start| start..start + WRAPPER.len());
        for function in &functions {
            code[function.clone()].copy_from_slice(&WRAPPER);
        }
        let sites = find(&code, &functions, |_| false).sites;
        let stubs = sites.iter().filter_map(Stub::new).collect();
        (code, Rc::new(Found { stubs, ..Found::default() }))
    }

    /// A process's memory with `code` at page 1.
    fn memory_with(code: &[u8]) -> File {
        let memory = tempfile::tempfile().expect("there is room");
        memory.write_all_at(code, PAGE).expect("there is room");
        memory
    }

    #[test]
    fn pages_are_rewritten_whole_and_nothing_else_in_them_changes() {
        let (code, found) = code();
        let memory = memory_with(&code);
        let (addresses, stubs) = (PAGE..4 * PAGE, 16 * PAGE);
        let mut space = Space::default();
        let count = space.rewrite(&memory, addresses.clone(), found, stubs);
        assert_eq!(count.expect("it can be written"), 2);
        let now = read(&memory, PAGE, 3 * PAGE).expect("it is there");
        let mut expected = code;
        for (number, at) in [0x105, 2 * PAGE as usize - 3].into_iter().enumerate() {
            let target = stubs + (number * stubs::SIZE) as u64;
            let relative = target as i64 - (PAGE as i64 + at as i64 + 5);
            expected[at] = 0xe9;
            expected[at + 1..at + 5].copy_from_slice(&(relative as i32).to_le_bytes());
        }
        assert_eq!(now, expected);
        assert_eq!(space.original(stubs), Some(PAGE + 0x105));
        assert_eq!(space.moved(PAGE + 0x107), Some(stubs + u64::from(stubs::AFTER)));
    }

    #[test]
    fn code_that_its_program_changed_is_left_alone() {
        let (mut code, found) = code();
        code[2 * PAGE as usize] ^= 1;
        let memory = memory_with(&code);
        let mut space = Space::default();
        let count = space.rewrite(&memory, PAGE..4 * PAGE, found, 16 * PAGE);
        assert_eq!(count.expect("it can be read"), 0);
        assert_eq!(read(&memory, PAGE, 3 * PAGE), Some(code));
        assert_eq!(space.moved(PAGE + 0x107), None);
    }
}
