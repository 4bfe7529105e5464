//! The memory that recorder and program share: code, table of calls, counter, and an area per thread.
//!
//! All processes have it at the same addresses. What the program may have written is only ever read a
//! word at a time, or copied; every number is checked before it is used.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use super::x86_64::hook::{self, area, control};

/// Areas that there can be. The first belongs to threads that must not use one.
pub const MOST_AREAS: u32 = 512;

/// Bytes of the whole.
const SIZE: u64 = hook::AREAS - hook::BASE + MOST_AREAS as u64 * hook::AREA_STRIDE;

/// The memory, as this process has it.
#[derive(Debug)]
pub struct Arena {
    file: File,
    start: NonNull<u8>,
}

// SAFETY: the memory is shared with other processes anyway, and is only accessed atomically or copied.
unsafe impl Send for Arena {}
// SAFETY: as above.
unsafe impl Sync for Arena {}

impl Arena {
    /// Makes it, with `code` and `table` in place.
    ///
    /// # Errors
    /// The kernel's.
    pub fn new(code: &[u8], table: &[u8]) -> io::Result<Self> {
        let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
        // SAFETY: the name is a string that lives through the call.
        let fd = unsafe { libc::memfd_create(c"recorder".as_ptr(), flags) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new and nobody else's.
        let file = unsafe { File::from_raw_fd(fd) };
        // Nobody can take away what is mapped here.
        // SAFETY: the call has no memory of ours.
        if unsafe { libc::fcntl(fd, libc::F_ADD_SEALS, libc::F_SEAL_SHRINK) } < 0 {
            return Err(io::Error::last_os_error());
        }
        file.set_len(hook::AREAS - hook::BASE + hook::AREA_STRIDE)?;
        let (access, shared) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        // SAFETY: a new mapping, wherever the kernel likes.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), SIZE as usize, access, shared, fd, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        let arena = Self { file, start };
        for (at, bytes) in [(0, code), (hook::TABLE - hook::BASE, table)] {
            // SAFETY: both end before the control words, and the file is that long.
            unsafe {
                let to = arena.start.as_ptr().add(at as usize);
                std::ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len());
            }
        }
        arena.counter().store(1, Ordering::SeqCst);
        Ok(arena)
    }

    /// The descriptor of the file that it is in.
    pub fn descriptor(&self) -> i32 {
        self.file.as_raw_fd()
    }

    fn word(&self, offset: u64) -> &AtomicU64 {
        assert!(offset < SIZE && offset.is_multiple_of(8), "words are in the arena");
        // SAFETY: it is inside, aligned, and lives as long as the arena.
        unsafe { AtomicU64::from_ptr(self.start.as_ptr().add(offset as usize).cast()) }
    }

    /// The next order id.
    pub fn counter(&self) -> &AtomicU64 {
        self.word(hook::CONTROL - hook::BASE + control::COUNTER)
    }

    /// Calls that nobody took over.
    pub fn lost(&self) -> u64 {
        self.word(hook::CONTROL - hook::BASE + control::LOST).load(Ordering::Relaxed)
    }

    /// Makes room for area `number`, and puts it into its first state: its thread goes to `entry`.
    ///
    /// # Errors
    /// There is no room.
    pub fn prepare(&self, number: u32, entry: u64) -> io::Result<()> {
        let end = hook::AREAS - hook::BASE + (u64::from(number) + 1) * hook::AREA_STRIDE;
        if self.file.metadata()?.len() < end {
            self.file.set_len(end)?;
        }
        let area = self.area(number);
        for (word, value) in [
            (area::SELF, address(number)),
            (area::HEAD, 0),
            (area::TAIL, 0),
            (area::BOUND, u64::MAX),
            (area::PHASE, 0),
            (area::ENTRY, entry),
        ] {
            area.word(word).store(value, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Area `number`, which was prepared.
    pub fn area(&self, number: u32) -> Area<'_> {
        assert!(number < MOST_AREAS, "areas are numbered");
        let start = hook::AREAS - hook::BASE + u64::from(number) * hook::AREA_STRIDE;
        Area { arena: self, start }
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nothing points into it any more.
        unsafe { libc::munmap(self.start.as_ptr().cast(), SIZE as usize) };
    }
}

/// Where area `number` is in the program.
pub fn address(number: u32) -> u64 {
    hook::AREAS + u64::from(number) * hook::AREA_STRIDE
}

/// The number of the area at `address`, if one is there.
pub fn number(address: u64) -> Option<u32> {
    let offset = address.checked_sub(hook::AREAS)?;
    let number = u32::try_from(offset / hook::AREA_STRIDE).ok()?;
    (offset % hook::AREA_STRIDE == 0 && number < MOST_AREAS).then_some(number)
}

/// One thread's area.
#[derive(Clone, Copy, Debug)]
pub struct Area<'a> {
    arena: &'a Arena,
    start: u64,
}

impl<'a> Area<'a> {
    /// One of its words.
    pub fn word(&self, offset: u64) -> &'a AtomicU64 {
        self.arena.word(self.start + offset)
    }

    /// What one of its words is.
    pub fn get(&self, offset: u64) -> u64 {
        self.word(offset).load(Ordering::SeqCst)
    }

    /// Appends `length` bytes of the ring, from `at` on, all inside of it.
    pub fn copy(&self, at: u64, length: u64, bytes: &mut Vec<u8>) {
        assert!(at <= hook::RING_SIZE && length <= hook::RING_SIZE - at, "it is in the ring");
        bytes.reserve(length as usize);
        // SAFETY: source and room behind the vector's end are as long as that. The program may write
        // there meanwhile; then its own bytes are wrong.
        unsafe {
            let from = self.arena.start.as_ptr().add((self.start + hook::RING + at) as usize);
            let to = bytes.as_mut_ptr().add(bytes.len());
            std::ptr::copy_nonoverlapping(from, to, length as usize);
            bytes.set_len(bytes.len() + length as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_is_known_by_its_address() {
        for known in [0, 1, MOST_AREAS - 1] {
            assert_eq!(number(address(known)), Some(known));
        }
        assert_eq!(number(address(MOST_AREAS)), None);
        assert_eq!(number(address(1) + 8), None);
        assert_eq!(number(0), None);
    }

    #[test]
    fn a_prepared_area_is_empty_and_leads_where_it_should() {
        let arena = Arena::new(hook::code(), &[]).expect("there is memory");
        arena.prepare(3, 42).expect("there is memory");
        let area = arena.area(3);
        assert_eq!((area.get(area::ENTRY), area.get(area::SELF)), (42, address(3)));
        assert_eq!(area.get(area::BOUND), u64::MAX);
        let mut bytes = b"before".to_vec();
        area.copy(hook::RING_SIZE - 8, 8, &mut bytes);
        assert_eq!(bytes, b"before\0\0\0\0\0\0\0\0");
    }
}
