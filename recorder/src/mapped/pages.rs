//! Pages of a file as they were last seen.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Size of a page.
pub const PAGE: u64 = 4096;

/// Pages that are read at once.
const AT_ONCE: u64 = 256;

/// The pages that are mapped, by number; none for one that is all zeros.
#[derive(Debug, Default)]
pub struct Pages {
    seen: BTreeMap<u64, Option<Box<[u8]>>>,
    size: u64,
}

impl Pages {
    /// How many bytes are looked at.
    pub fn bytes(&self) -> u64 {
        self.seen.len() as u64 * PAGE
    }

    /// The file's size when it was last looked at.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds the pages of `file` from `offset` on that aren't known, as they are now.
    pub fn add(&mut self, file: &File, offset: u64, length: u64) {
        let first = offset / PAGE;
        let last = offset.saturating_add(length).div_ceil(PAGE);
        let new: Vec<u64> = (first..last).filter(|page| !self.seen.contains_key(page)).collect();
        self.size = file.metadata().map_or(self.size, |metadata| metadata.len());
        read(file, &new, |page, bytes| {
            self.seen.insert(page, kept(bytes));
        });
    }

    /// Looks at all pages again, and calls `changed` with the place and the bytes of those that differ.
    pub fn update(&mut self, file: &File, mut changed: impl FnMut(u64, &[u8])) {
        self.size = file.metadata().map_or(self.size, |metadata| metadata.len());
        let all: Vec<u64> = self.seen.keys().copied().collect();
        read(file, &all, |page, bytes| {
            let seen = self.seen.get_mut(&page).expect("it is one of them");
            let is_same = match seen {
                Some(seen) => {
                    let common = seen.len().min(bytes.len());
                    seen[..common] == bytes[..common]
                        && is_zero(&seen[common..])
                        && is_zero(&bytes[common..])
                }
                None => is_zero(bytes),
            };
            if !is_same {
                // What lies behind the end of the file is nobody's.
                if !bytes.is_empty() {
                    changed(page * PAGE, bytes);
                }
                *seen = kept(bytes);
            }
        });
    }
}

fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0)
}

fn kept(bytes: &[u8]) -> Option<Box<[u8]>> {
    (!is_zero(bytes)).then(|| bytes.into())
}

/// Calls `take` with each of `pages` of `file`, in ascending order, and its bytes: fewer than a page at the
/// file's end, and none behind it or where it can't be read.
fn read(file: &File, pages: &[u64], mut take: impl FnMut(u64, &[u8])) {
    let mut buffer = vec![0; (AT_ONCE * PAGE) as usize];
    let mut left = pages;
    while let Some(first) = left.first().copied() {
        let run = left.iter().zip(first..first + AT_ONCE).take_while(|(a, b)| **a == *b).count();
        let room = &mut buffer[..run * PAGE as usize];
        let filled = read_up_to(file, room, first * PAGE);
        for (number, page) in left[..run].iter().enumerate() {
            let start = (number * PAGE as usize).min(filled);
            let end = ((number + 1) * PAGE as usize).min(filled);
            take(*page, &room[start..end]);
        }
        left = &left[run..];
    }
}

fn read_up_to(file: &File, room: &mut [u8], offset: u64) -> usize {
    let mut filled = 0;
    while filled < room.len() {
        match file.read_at(&mut room[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(pages: &mut Pages, file: &File) -> Vec<(u64, usize)> {
        let mut changes = Vec::new();
        pages.update(file, |offset, bytes| changes.push((offset, bytes.len())));
        changes
    }

    #[test]
    fn just_the_pages_that_changed_are_told() {
        let file = tempfile::tempfile().expect("a scratch file");
        file.set_len(600 * PAGE + 100).expect("it can be long");
        let mut pages = Pages::default();
        pages.add(&file, 0, 700 * PAGE);
        assert_eq!(changes(&mut pages, &file), []);
        for (offset, byte) in [(0, 1), (300 * PAGE + 17, 2), (600 * PAGE, 3)] {
            file.write_all_at(&[byte], offset).expect("it can be written");
        }
        let expected = [(0, 4096), (300 * PAGE, 4096), (600 * PAGE, 100)];
        assert_eq!(changes(&mut pages, &file), expected);
        assert_eq!(changes(&mut pages, &file), []);
    }

    #[test]
    fn what_is_cut_off_counts_as_zeros_when_it_comes_back() {
        let file = tempfile::tempfile().expect("a scratch file");
        file.write_all_at(&[7; 8192], 0).expect("it can be written");
        let mut pages = Pages::default();
        pages.add(&file, 0, 8192);
        file.set_len(10).expect("it can be cut");
        assert_eq!(changes(&mut pages, &file), [(0, 10)]);
        file.set_len(8192).expect("it can be long");
        assert_eq!(changes(&mut pages, &file), []);
        file.write_all_at(&[7; 8192], 0).expect("it can be written");
        assert_eq!(changes(&mut pages, &file), [(0, 4096), (4096, 4096)]);
    }

    #[test]
    fn pages_that_are_not_mapped_are_not_looked_at() {
        let file = tempfile::tempfile().expect("a scratch file");
        file.set_len(10 * PAGE).expect("it can be long");
        let mut pages = Pages::default();
        pages.add(&file, 2 * PAGE, PAGE);
        pages.add(&file, 4 * PAGE, PAGE);
        file.write_all_at(&vec![1; 10 * PAGE as usize], 0).expect("it can be written");
        assert_eq!(changes(&mut pages, &file), [(2 * PAGE, 4096), (4 * PAGE, 4096)]);
        assert_eq!(pages.bytes(), 2 * PAGE);
    }
}
