//! Directories, as getdents(2) and its kin list them.
//!
//! A file system lists a directory in an order of its own, with inode numbers and offsets of its own, in
//! pieces that end where the next name doesn't fit. None of that is the same in a replay. What is the same
//! is which names there are, so they are summed up on both sides, whatever their order, and compared where
//! the recorded listing ended.
//!
//! What can't be compared is the listing of a program that stopped before the end, that sought to another
//! place than the start, or that read the same open directory through several descriptors; and where the
//! directory was changed meanwhile, names that differ prove nothing.

use std::ffi::{CStr, c_long};
use std::hash::{BuildHasher, Hasher};
use std::mem::MaybeUninit;
use std::os::fd::RawFd;

use foldhash::fast::FixedState;

use crate::{Fd, Process, Replayed, sys};

/// A call that lists a directory on.
#[derive(Clone, Copy, Debug)]
pub struct Listing<'t> {
    /// Kernel number of the call.
    pub call: c_long,
    /// Where the name starts in one of its entries.
    pub name: usize,
    /// The directory.
    pub descriptor: Fd,
    /// The entries that the recorded call returned.
    pub entries: Option<&'t [u8]>,
    /// Number of the declared column that holds them.
    pub column: u32,
    /// Room for entries in bytes.
    pub room: i64,
}

/// Where the length of an entry stands in it, behind inode number and offset.
const LENGTH: usize = 16;

/// The longest entry: its numbers, a name of 255 bytes and a NUL, rounded up.
const LONGEST: i64 = 280;

/// Names in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Names {
    count: u32,
    sum: u64,
}

impl Names {
    /// Those in `entries` that start `name` bytes into each; none if those aren't entries. A directory's
    /// names for itself and its parent don't count, as not every file system lists them.
    fn of(mut entries: &[u8], name: usize) -> Option<Self> {
        let mut names = Self::default();
        while !entries.is_empty() {
            let length = u16::from_ne_bytes(*entries.get(LENGTH..)?.first_chunk()?);
            let (entry, rest) = entries.split_at_checked(length.into())?;
            let name = entry.get(name..)?;
            let name = CStr::from_bytes_until_nul(name).map_or(name, CStr::to_bytes);
            if !matches!(name, b"." | b"..") {
                names.add(Self { count: 1, sum: hash(name) });
            }
            entries = rest;
        }
        Some(names)
    }

    fn add(&mut self, more: Self) {
        self.count = self.count.wrapping_add(more.count);
        self.sum = self.sum.wrapping_add(more.sum);
    }
}

/// What has been listed through a descriptor since its listing began, as the descriptor's words hold it.
#[derive(Clone, Copy, Debug, Default)]
struct Listed {
    recorded: Names,
    replayed: Names,
    /// Where the replay's listing goes on; 0 if what came before isn't known.
    place: u32,
    /// When the directory had last been changed as the listing began.
    changed: u32,
}

impl Listed {
    fn read(&[recorded, replayed, counts, state]: &[u64; 4]) -> Self {
        Self {
            recorded: Names { count: (counts >> 32) as u32, sum: recorded },
            replayed: Names { count: counts as u32, sum: replayed },
            place: (state >> 32) as u32,
            changed: state as u32,
        }
    }

    fn words(self) -> [u64; 4] {
        let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        let counts = pair(self.recorded.count, self.replayed.count);
        [self.recorded.sum, self.replayed.sum, counts, pair(self.place, self.changed)]
    }
}

impl<'t> Listing<'t> {
    /// Makes the call; again and again, where the recorded listing ended, until this one does. It returns
    /// the last piece's length, which says nothing but that there were more names or none.
    ///
    /// # Errors
    /// As for any call.
    pub fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        let recorded = process.recorded();
        // The replay's next name may be the longer one.
        let room = if recorded.succeeded() { self.room.max(LONGEST) } else { self.room };
        let (start, room) = process.output(1, room)?;
        let verifies = process.verifies();
        let before = if verifies { place(fd) } else { 0 };
        let mut names = Names::default();
        let ended = recorded.return_value == 0;
        let listed = loop {
            // SAFETY: the kernel fills in no more than the room, which is this record's own.
            let listed = unsafe { sys::call(self.call, [fd as usize, start, room, 0, 0, 0]) };
            let Ok(length) = listed else { break listed };
            if !recorded.succeeded() {
                break listed;
            }
            if verifies {
                // SAFETY: the kernel filled in that much of the room.
                let entries =
                    unsafe { std::slice::from_raw_parts(start as *const u8, length as usize) };
                names.add(Names::of(entries, self.name).unwrap_or_default());
            }
            if length == 0 || !ended {
                break listed;
            }
        };
        if verifies && recorded.succeeded() && listed.is_ok() {
            self.compare(process, fd, before, names);
        }
        Ok(listed)
    }

    /// Takes down the names of this piece, which the replay has read from `before` on, and compares all
    /// there were if the recorded listing has ended.
    fn compare(&self, process: &mut Process<'t>, fd: RawFd, before: u32, replayed: Names) {
        let ended = process.recorded().return_value == 0;
        let Some(words) = process.note(self.descriptor) else { return };
        let mut listed = match before {
            0 => Listed { changed: changed(fd), ..Listed::default() },
            _ => Listed::read(words),
        };
        let recorded = if ended { Some(Names::default()) } else { self.recorded() };
        let (true, Some(recorded)) = (listed.place == before, recorded) else {
            *words = Listed::default().words();
            return;
        };
        listed.recorded.add(recorded);
        listed.replayed.add(replayed);
        listed.place = place(fd);
        let next = if ended { Listed { place: listed.place, ..Listed::default() } } else { listed };
        *words = next.words();
        let Listed { recorded, replayed, .. } = listed;
        if ended && recorded != replayed && listed.changed == changed(fd) {
            let others = if recorded.count == replayed.count { ", others among them" } else { "" };
            let expected = format!("{} names", recorded.count);
            process.diverged(self.column, &expected, &format!("{} names{others}", replayed.count));
        }
    }

    /// The names in this piece of the recorded listing.
    fn recorded(&self) -> Option<Names> {
        Names::of(self.entries?, self.name)
    }
}

/// Where the directory `fd` is read from next, as a number to compare; 0 at its start only.
fn place(fd: RawFd) -> u32 {
    let here = [i64::from(fd), 0, libc::SEEK_CUR.into()];
    // SAFETY: the call takes numbers only.
    match unsafe { sys::numbers(libc::SYS_lseek, here) } {
        Ok(0) | Err(_) => 0,
        Ok(offset) => hash(&offset.to_ne_bytes()) as u32 | 1,
    }
}

/// When the directory `fd` was changed last, as a number to compare.
fn changed(fd: RawFd) -> u32 {
    let mut stat = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: the kernel fills in one structure.
    let _ = unsafe { libc::fstat(fd, stat.as_mut_ptr()) };
    // SAFETY: all zero is a valid structure too.
    let stat = unsafe { stat.assume_init() };
    hash([stat.st_mtime.to_ne_bytes(), stat.st_mtime_nsec.to_ne_bytes()].as_flattened()) as u32
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;
    use crate::testing::{Played, Stage};

    #[derive(Record)]
    #[record(syscall = "getdents64", returns = status)]
    struct Getdents64<'t> {
        #[output(1, length = 2)]
        #[not_compared]
        dirent_buffer: Option<&'t [u8]>,
        #[arg(2)]
        count: i64,
    }

    impl<'t> Replay<'t> for Getdents64<'t> {
        fn replay(&self, process: &mut Process<'t>) -> Replayed {
            let listing = Listing {
                call: libc::SYS_getdents64,
                name: 19,
                descriptor: Fd(3),
                entries: self.dirent_buffer,
                column: 0,
                room: self.count,
            };
            listing.replay(process)
        }
    }

    /// Entries of these names, as the kernel returns them.
    fn entries(names: &[&str]) -> Vec<u8> {
        let entry = |name: &&str| {
            let length = (20 + name.len()).next_multiple_of(8);
            let mut entry = vec![0; length];
            entry[LENGTH..][..2].copy_from_slice(&(length as u16).to_ne_bytes());
            entry[19..][..name.len()].copy_from_slice(name.as_bytes());
            entry
        };
        names.iter().flat_map(entry).collect()
    }

    /// A stage with a directory of these names, open as descriptor 3.
    fn stage(names: &[&str]) -> Stage {
        let mut stage = Stage::new();
        for name in names {
            std::fs::write(stage.path(name), b"").expect("the scratch directory is writable");
        }
        stage.open(3, ".");
        stage
    }

    fn list<'t>(stage: &'t mut Stage, entries: &'t [u8], count: i64) -> Played<'t> {
        let record = Getdents64 { dirent_buffer: Some(entries), count };
        stage.recorded(entries.len() as i64, 0).replay(&record)
    }

    /// Lists the recorded `pieces` and then the end.
    fn differences(stage: &mut Stage, pieces: &[&[&str]], count: i64) -> usize {
        for piece in pieces {
            list(stage, &entries(piece), count);
        }
        list(stage, b"", count).returns(0).diverged().len()
    }

    #[test]
    fn the_order_of_names_and_the_size_of_pieces_do_not_matter() {
        for count in [24, 64, 32768] {
            let mut stage = stage(&["a", "b", "c", "d"]);
            assert_eq!(differences(&mut stage, &[&["c", ".."], &["b", "d", "a", "."]], count), 0);
        }
    }

    #[test]
    fn a_name_too_few_or_another_one_diverges() {
        let told = |there: &[&str]| {
            let mut stage = stage(there);
            list(&mut stage, &entries(&[".", "..", "a", "b"]), 32768);
            let played = list(&mut stage, b"", 32768);
            played.diverged().to_vec()
        };
        let told_of = |got: &str| vec![(0, "2 names".to_owned(), got.to_owned())];
        assert_eq!(told(&["a"]), told_of("1 names"));
        assert_eq!(told(&["a", "c"]), told_of("2 names, others among them"));
        assert_eq!(told(&["a", "b"]), []);
    }

    #[test]
    fn a_listing_that_stops_early_is_not_compared_and_starts_over_after_a_rewind() {
        let mut stage = stage(&["a", "b", "c"]);
        list(&mut stage, &entries(&["."]), 24);
        let fd = stage.descriptor(3).expect("it is open");
        // SAFETY: a seek touches no memory.
        unsafe { libc::lseek(fd, 0, libc::SEEK_SET) };
        assert_eq!(differences(&mut stage, &[&["b", "c", "a"]], 32768), 0);
    }

    #[test]
    fn what_was_listed_from_elsewhere_is_not_compared() {
        let mut stage = stage(&["a", "b", "c"]);
        list(&mut stage, &entries(&["."]), 32768);
        let fd = stage.descriptor(3).expect("it is open");
        // SAFETY: as above.
        let end = unsafe { libc::lseek(fd, 0, libc::SEEK_CUR) };
        // SAFETY: as above.
        unsafe { libc::lseek(fd, end - 1, libc::SEEK_SET) };
        assert_eq!(differences(&mut stage, &[&["b", "c"]], 32768), 0);
        // SAFETY: as above.
        unsafe { libc::lseek(fd, 0, libc::SEEK_SET) };
        assert_eq!(differences(&mut stage, &[&["b", "c"]], 32768), 1);
    }

    #[test]
    fn names_in_a_directory_that_was_changed_meanwhile_prove_nothing() {
        let mut stage = stage(&["a", "b"]);
        // Times are no finer than some milliseconds.
        let directory = std::fs::File::open(stage.path(".")).expect("it is there");
        directory.set_modified(std::time::UNIX_EPOCH).expect("it is ours");
        list(&mut stage, &entries(&["a", "c"]), 32768);
        std::fs::remove_file(stage.path("a")).expect("it is there");
        assert_eq!(differences(&mut stage, &[], 32768), 0);
    }

    #[test]
    fn entries_that_are_none_are_not_compared() {
        let mut stage = stage(&["a"]);
        list(&mut stage, &[0; 40], 32768);
        assert_eq!(differences(&mut stage, &[], 32768), 0);
    }

    #[test]
    fn the_replays_end_is_reached_with_the_recorded_one() {
        let mut stage = stage(&["a", "b", "c"]);
        assert_eq!(differences(&mut stage, &[], 24), 1);
        assert_eq!(list(&mut stage, b"", 24).returns(0).diverged().len(), 1, "told once");
    }
}
