//! The descriptors of a traced process, and what stands for each in the replay.

use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use abi::fd;

/// What stands for a traced descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// A descriptor of the replaying thread.
    Open(RawFd),
    /// Nothing: calls on it take their recorded outcome.
    Simulated,
    /// One of the standard streams (0, 1 or 2) that were there before the trace began.
    Standard(i32),
}

#[derive(Clone, Debug)]
struct Entry {
    stands: Stands,
    /// Whether it is a pipe or a socket, once somebody asked.
    is_stream: Option<bool>,
    /// A plugin's own words on it.
    note: [u64; 4],
    /// The position of the record that was given the number while it was another descriptor's: the one that
    /// closed that has a later place in the trace, for it returned later.
    taken_at: Option<u64>,
}

/// A table of descriptors, and how many tasks have it in common.
#[derive(Debug, Default)]
pub struct Table {
    descriptors: Mutex<Descriptors>,
    users: AtomicUsize,
}

/// A table of descriptors, which tasks may have in common.
pub type Files = Arc<Table>;

impl Table {
    /// The descriptors, whoever broke down while holding them: that ends the replay in another way.
    pub fn lock(&self) -> MutexGuard<'_, Descriptors> {
        self.descriptors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy that no task has yet.
    pub fn copy(&self) -> Files {
        let descriptors = Mutex::new(self.lock().clone());
        Arc::new(Self { descriptors, users: AtomicUsize::new(0) })
    }

    /// One task more has it.
    pub fn add_user(&self) {
        self.users.fetch_add(1, Ordering::Relaxed);
    }

    /// One task less has it; returns how many are left.
    pub fn remove_user(&self) -> usize {
        self.users.fetch_sub(1, Ordering::Relaxed) - 1
    }

    /// Whether several tasks have it.
    pub fn is_shared(&self) -> bool {
        self.users.load(Ordering::Relaxed) > 1
    }
}

/// Traced descriptors below this are looked up in an array.
const LOW: usize = 1024;

/// The table of descriptors of a traced process, by their traced numbers.
#[derive(Clone, Debug, Default)]
pub struct Descriptors {
    low: Vec<Option<Entry>>,
    /// The others: the numbers are the trace's, and may be anything.
    high: HashMap<i32, Entry>,
}

impl Descriptors {
    fn entry(&self, traced: i32) -> Option<&Entry> {
        match usize::try_from(traced) {
            Ok(index) if index < LOW => self.low.get(index)?.as_ref(),
            _ => self.high.get(&traced),
        }
    }

    /// What stands for `traced`.
    #[inline]
    pub fn get(&self, traced: i32) -> Option<Stands> {
        self.entry(traced).map(|entry| entry.stands)
    }

    /// `stands` stands for `traced` from now on; returns what did before.
    pub fn set(&mut self, traced: i32, stands: Stands) -> Option<Stands> {
        let entry = Entry { stands, is_stream: None, note: [0; 4], taken_at: None };
        let before = match usize::try_from(traced) {
            Ok(index) if index < LOW => {
                if self.low.len() <= index {
                    self.low.resize(index + 1, None);
                }
                self.low[index].replace(entry)
            }
            _ => self.high.insert(traced, entry),
        };
        before.map(|entry| entry.stands)
    }

    /// As [`Self::set`], where the kernel gave the record at `position` a number that was free.
    pub fn adopt(&mut self, traced: i32, stands: Stands, position: u64) -> Option<Stands> {
        let before = self.set(traced, stands);
        if before.is_some()
            && let Some(entry) = self.entry_mut(traced)
        {
            entry.taken_at = Some(position);
        }
        before
    }

    /// Whether a call that closes `traced`, and was called when all before position `ready_at` had returned, closed
    /// another descriptor than the one that has the number now. That is so once.
    pub fn was_overtaken(&mut self, traced: i32, ready_at: u64) -> bool {
        let Some(entry) = self.entry_mut(traced) else { return false };
        let is_so = entry.taken_at.is_some_and(|taken_at| ready_at <= taken_at);
        if is_so {
            entry.taken_at = None;
        }
        is_so
    }

    /// Forgets `traced`; returns what stood for it.
    pub fn remove(&mut self, traced: i32) -> Option<Stands> {
        let before = match usize::try_from(traced) {
            Ok(index) if index < LOW => self.low.get_mut(index)?.take(),
            _ => self.high.remove(&traced),
        };
        before.map(|entry| entry.stands)
    }

    /// Whether data moves through what stands for `traced` as it comes.
    pub fn is_stream(&mut self, traced: i32) -> bool {
        let Some(entry) = self.entry_mut(traced) else { return false };
        let Stands::Open(open) = entry.stands else { return false };
        *entry.is_stream.get_or_insert_with(|| is_stream(open))
    }

    fn entry_mut(&mut self, traced: i32) -> Option<&mut Entry> {
        match usize::try_from(traced) {
            Ok(index) if index < LOW => self.low.get_mut(index)?.as_mut(),
            _ => self.high.get_mut(&traced),
        }
    }

    /// The words that a plugin keeps with `traced`.
    pub fn note(&self, traced: i32) -> Option<[u64; 4]> {
        self.entry(traced).map(|entry| entry.note)
    }

    /// Keeps a plugin's words with `traced`, if it is still there.
    pub fn set_note(&mut self, traced: i32, note: [u64; 4]) {
        if let Some(entry) = self.entry_mut(traced) {
            entry.note = note;
        }
    }

    /// The traced numbers of descriptors that stand for open ones, with those.
    pub fn open(&self) -> Vec<(i32, RawFd)> {
        let low =
            self.low.iter().enumerate().map(|(traced, entry)| (traced as i32, entry.as_ref()));
        let high = self.high.iter().map(|(traced, entry)| (*traced, Some(entry)));
        let all = low.chain(high);
        let open = all.filter_map(|(traced, entry)| match entry?.stands {
            Stands::Open(fd) => Some((traced, fd)),
            _ => None,
        });
        open.collect()
    }
}

/// Whether `open` is a pipe or a socket.
pub fn is_stream(open: RawFd) -> bool {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the kernel fills in the structure that it is given, or fails.
    if unsafe { libc::fstat(open, stat.as_mut_ptr()) } != 0 {
        return false;
    }
    // SAFETY: it was filled in.
    let mode = unsafe { stat.assume_init() }.st_mode;
    matches!(mode & libc::S_IFMT, libc::S_IFIFO | libc::S_IFSOCK)
}

/// As a plugin is told; see [`abi::fd`].
pub fn answer(stands: Option<Stands>) -> i32 {
    match stands {
        Some(Stands::Open(open)) => open,
        Some(Stands::Simulated) => fd::SIMULATED,
        Some(Stands::Standard(_)) => fd::STANDARD_STREAM,
        None => fd::UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_a_trace_is_taken() {
        let mut table = Descriptors::default();
        for traced in [0, 3, LOW as i32 - 1, LOW as i32, i32::MAX, -7] {
            assert_eq!(answer(table.get(traced)), fd::UNKNOWN);
            assert_eq!(table.set(traced, Stands::Open(9)), None);
            assert_eq!(answer(table.get(traced)), 9);
            assert_eq!(table.set(traced, Stands::Simulated), Some(Stands::Open(9)));
            assert_eq!(answer(table.get(traced)), fd::SIMULATED);
            assert_eq!(table.remove(traced), Some(Stands::Simulated));
            assert_eq!(table.remove(traced), None);
        }
        assert!(table.low.len() <= LOW);
    }

    /// One thread closes, another one opens and is given the number, and returns first.
    #[test]
    fn a_close_that_was_overtaken_is_known() {
        let mut table = Descriptors::default();
        table.set(5, Stands::Open(9));
        assert!(!table.was_overtaken(5, 0), "it still is what it was");
        assert_eq!(table.adopt(5, Stands::Open(10), 20), Some(Stands::Open(9)));
        assert!(!table.was_overtaken(5, 21), "called after the other had returned: it closes that");
        assert!(table.was_overtaken(5, 20));
        assert!(!table.was_overtaken(5, 20), "one number was given away once");
        assert_eq!(table.get(5), Some(Stands::Open(10)));
    }

    #[test]
    fn a_note_goes_with_its_descriptor() {
        let mut table = Descriptors::default();
        table.set(3, Stands::Open(5));
        table.set_note(3, [1, 2, 3, 4]);
        assert_eq!(table.note(3), Some([1, 2, 3, 4]));
        table.set(3, Stands::Open(6));
        assert_eq!(table.note(3), Some([0; 4]));
        table.remove(3);
        assert_eq!(table.note(3), None);
    }
}
