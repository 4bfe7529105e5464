//! Memory for the kernel to read and fill.

use std::ptr::NonNull;

/// What the kernel moves at most in one call (read(2), NOTES); nothing needs more room.
const MOST: u64 = 0x7fff_f000;

/// Memory of a pointer argument, page-aligned, kept from call to call.
#[derive(Debug, Default)]
pub struct Scratch {
    regions: Vec<Region>,
}

#[derive(Debug)]
struct Region {
    start: NonNull<u8>,
    length: usize,
}

// SAFETY: a region is memory of its own, owned as a box would be.
unsafe impl Send for Region {}

/// Pointer arguments that have memory.
const ARGUMENTS: u32 = 16;

/// Smallest region, so that most calls find theirs large enough.
const SMALLEST: usize = 128 << 10;

impl Scratch {
    /// At least `length` bytes for pointer argument `index`, zero at first; none if there is no such
    /// amount to be had. What was handed out for that argument before may go.
    pub fn get(&mut self, index: u32, length: u64) -> Option<NonNull<u8>> {
        if index >= ARGUMENTS || length > MOST {
            return None;
        }
        while self.regions.len() <= index as usize {
            self.regions.push(Region { start: NonNull::dangling(), length: 0 });
        }
        let region = &mut self.regions[index as usize];
        if region.length < length as usize {
            *region = Region::new(length as usize)?;
        }
        Some(region.start)
    }
}

impl Scratch {
    /// Whether these bytes are some that were handed out.
    pub fn holds(&self, start: *const u8, length: u64) -> bool {
        self.regions.iter().any(|region| {
            let (from, start) = (region.start.as_ptr() as usize, start as usize);
            from <= start
                && start - from <= region.length
                && length as usize <= region.length - (start - from)
        })
    }
}

impl Region {
    fn new(length: usize) -> Option<Self> {
        let length = length.max(SMALLEST).next_multiple_of(4096);
        // SAFETY: a new private mapping, at a place that the kernel picks, touches no other memory.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return None;
        }
        Some(Self { start: NonNull::new(start.cast())?, length })
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        if self.length > 0 {
            // SAFETY: the mapping is this region's, and goes with it.
            unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_page_aligned_and_zero() {
        let mut scratch = Scratch::default();
        let start = scratch.get(1, 10_000).expect("there is that much");
        assert_eq!(start.as_ptr() as usize % 4096, 0);
        // SAFETY: the region has at least 10,000 bytes.
        let bytes = unsafe { std::slice::from_raw_parts(start.as_ptr(), 10_000) };
        assert!(bytes.iter().all(|byte| *byte == 0));
        assert_eq!(scratch.get(1, 20_000), Some(start), "kept while it is large enough");
    }

    #[test]
    fn a_traces_wildest_lengths_get_nothing() {
        let mut scratch = Scratch::default();
        assert_eq!(scratch.get(0, u64::MAX), None);
        assert_eq!(scratch.get(0, MOST + 1), None);
        assert_eq!(scratch.get(u32::MAX, 1), None);
    }
}
