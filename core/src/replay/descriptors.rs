//! The descriptors of a traced process, and what stands for each in the replay.

mod table;

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::mem::MaybeUninit;
use std::os::fd::RawFd;

use abi::fd;

use crate::trace::REACH;

pub use table::{Files, LookedUps, Table};

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

impl Stands {
    /// Closes what nothing else stands for any more.
    pub fn close(self) {
        if let Self::Open(open) = self {
            // SAFETY: the descriptor was taken out of its table, so nobody else uses it.
            unsafe { libc::close(open) };
        }
    }
}

#[derive(Clone, Debug)]
struct Entry {
    stands: Stands,
    /// Whether it is a pipe or a socket, once somebody asked.
    is_stream: Cell<Option<bool>>,
    /// A plugin's own words on it.
    note: Cell<[u64; 4]>,
}

/// A descriptor whose number was given to another one before the call that closed it returned: in the trace the
/// `close(2)` comes after the `open(2)`.
#[derive(Clone, Copy, Debug)]
struct Overtaken {
    /// The position of the record that was given the number. What comes before it, or was called before it
    /// returned in order to close, means this one.
    until: u64,
    stands: Stands,
}

/// Traced descriptors below this are looked up in an array.
const LOW: usize = 1024;

/// Descriptors that are kept open for a close to come, for each number: a trace that lacks its closes leaves no more
/// open. Of earlier ones it is only known that their close is to come.
const MOST_OVERTAKEN: usize = 4;

/// The table of descriptors of a traced process, by their traced numbers.
#[derive(Clone, Debug, Default)]
pub struct Descriptors {
    low: Vec<Option<Entry>>,
    /// The others: the numbers are the trace's, and may be anything.
    high: HashMap<i32, Entry>,
    /// By their traced numbers, the one that lost it first first.
    overtaken: HashMap<i32, VecDeque<Overtaken>>,
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

    /// What stands for `traced` in the record at `position`.
    #[inline]
    pub fn get_at(&self, traced: i32, position: u64) -> Option<Stands> {
        if self.overtaken.is_empty() {
            return self.get(traced);
        }
        let overtaken = self.overtaken.get(&traced);
        let lost = overtaken.and_then(|all| all.get(first_lost(all, position + 1)));
        lost.map_or_else(|| self.get(traced), |lost| Some(lost.stands))
    }

    /// `stands` stands for `traced` from now on; returns what did before, if that is something else. (The kernel gives
    /// nobody the number of what is open: what has it in a table was closed by somebody else.)
    pub fn set(&mut self, traced: i32, stands: Stands) -> Option<Stands> {
        let entry = Entry { stands, is_stream: Cell::default(), note: Cell::default() };
        let before = match usize::try_from(traced) {
            Ok(index) if index < LOW => {
                if self.low.len() <= index {
                    self.low.resize(index + 1, None);
                }
                self.low[index].replace(entry)
            }
            _ => self.high.insert(traced, entry),
        };
        before.map(|entry| entry.stands).filter(|before| *before != stands)
    }

    /// As [`Self::set`], where the kernel gave the record at `position` a number that was free. If the trace has
    /// not closed what it stood for, that is kept for the close to come, where one may; otherwise it is returned.
    pub fn adopt(
        &mut self,
        traced: i32,
        stands: Stands,
        position: u64,
        may_be_overtaken: bool,
    ) -> Option<Stands> {
        let before = self.set(traced, stands)?;
        if !may_be_overtaken {
            return Some(before);
        }
        let all = self.overtaken.entry(traced).or_default();
        let oldest = all.len().checked_sub(MOST_OVERTAKEN);
        let dropped =
            oldest.map(|oldest| std::mem::replace(&mut all[oldest].stands, Stands::Simulated));
        while all.len() > MOST_OVERTAKEN && all[0].until + REACH < position {
            all.pop_front();
        }
        let index = first_lost(all, position);
        all.insert(index, Overtaken { until: position, stands: before });
        dropped
    }

    /// What a call closes that closes `traced`, and was called when all before position `ready_at` had returned, if
    /// that has lost its number already; it is forgotten.
    pub fn take_overtaken(&mut self, traced: i32, ready_at: u64) -> Option<Stands> {
        let all = self.overtaken.get_mut(&traced)?;
        let lost = all.remove(first_lost(all, ready_at))?;
        if all.is_empty() {
            self.overtaken.remove(&traced);
        }
        Some(lost.stands)
    }

    /// Forgets `traced`; returns what stood for it.
    pub fn remove(&mut self, traced: i32) -> Option<Stands> {
        let before = match usize::try_from(traced) {
            Ok(index) if index < LOW => self.low.get_mut(index)?.take(),
            _ => self.high.remove(&traced),
        };
        before.map(|entry| entry.stands)
    }

    /// Forgets what isn't open: other tasks closed theirs while the table was copied.
    pub fn forget_closed(&mut self) {
        for (traced, open) in self.open() {
            if flags(open).is_none() {
                self.remove(traced);
            }
        }
    }

    /// Whether data moves through what stands for `traced` as it comes.
    pub fn is_stream(&self, traced: i32) -> bool {
        let Some(entry) = self.entry(traced) else { return false };
        let Stands::Open(open) = entry.stands else { return false };
        let known = entry.is_stream.get().unwrap_or_else(|| is_stream(open));
        entry.is_stream.set(Some(known));
        known
    }

    /// The words that a plugin keeps with `traced`.
    pub fn note(&self, traced: i32) -> Option<[u64; 4]> {
        self.entry(traced).map(|entry| entry.note.get())
    }

    /// Keeps a plugin's words with `traced`, if it is still there.
    pub fn set_note(&self, traced: i32, note: [u64; 4]) {
        if let Some(entry) = self.entry(traced) {
            entry.note.set(note);
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

/// The place of the first that lost its number at `position` or later.
fn first_lost(all: &VecDeque<Overtaken>, position: u64) -> usize {
    all.partition_point(|lost| lost.until < position)
}

/// The flags of descriptor `open` (F_GETFD in fcntl(2)); none if it isn't open.
pub fn flags(open: RawFd) -> Option<i32> {
    // SAFETY: the call takes no pointer.
    let flags = unsafe { libc::fcntl(open, libc::F_GETFD) };
    (flags >= 0).then_some(flags)
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
        assert_eq!(table.take_overtaken(5, 0), None, "it still is what it was");
        assert_eq!(table.adopt(5, Stands::Open(10), 20, true), None);
        assert_eq!(
            table.get_at(5, 19),
            Some(Stands::Open(9)),
            "it comes before the number was given away"
        );
        assert_eq!(table.get_at(5, 20), Some(Stands::Open(10)));
        assert_eq!(
            table.take_overtaken(5, 21),
            None,
            "called after the other had returned: it closes that"
        );
        assert_eq!(table.take_overtaken(5, 20), Some(Stands::Open(9)));
        assert_eq!(table.take_overtaken(5, 20), None, "one number was given away once");
        assert_eq!(table.get_at(5, 3), Some(Stands::Open(10)));
    }

    /// The one that was given the number is closed, and a third one is given it, before the first close returns.
    #[test]
    fn a_close_that_is_late_closes_what_it_was_called_for() {
        let mut table = Descriptors::default();
        table.set(5, Stands::Open(9));
        assert_eq!(table.adopt(5, Stands::Open(10), 20, true), None);
        assert_eq!(table.take_overtaken(5, 22), None);
        assert_eq!(table.remove(5), Some(Stands::Open(10)));
        assert_eq!(table.adopt(5, Stands::Open(11), 30, true), None);
        assert_eq!(table.take_overtaken(5, 15), Some(Stands::Open(9)));
        assert_eq!(table.get_at(5, 40), Some(Stands::Open(11)));
    }

    #[test]
    fn a_trace_without_closes_keeps_no_more_than_a_few_open() {
        let mut table = Descriptors::default();
        table.set(5, Stands::Open(0));
        let dropped = (1..=10).filter_map(|n| table.adopt(5, Stands::Open(n), n as u64, true));
        let dropped: Vec<_> = dropped.collect();
        assert_eq!(dropped, [0, 1, 2, 3, 4, 5].map(Stands::Open));
        assert_eq!(table.adopt(5, Stands::Simulated, 11, false), Some(Stands::Open(10)));
        let open = |lost: &&Overtaken| lost.stands != Stands::Simulated;
        assert_eq!(table.overtaken[&5].iter().filter(open).count(), MOST_OVERTAKEN);
        table.adopt(5, Stands::Open(11), 2 * REACH, true);
        assert_eq!(table.overtaken[&5].len(), MOST_OVERTAKEN + 1, "nothing comes for the others");
    }

    /// A table was copied while another task had closed what stood for 5, and not yet said so.
    #[test]
    fn a_number_that_the_kernel_gives_anew_is_not_closed() {
        let mut table = Descriptors::default();
        table.set(5, Stands::Open(9));
        assert_eq!(table.adopt(5, Stands::Open(9), 20, false), None);
        assert_eq!(table.adopt(5, Stands::Open(9), 21, true), None);
        assert_eq!(table.get_at(5, 3), Some(Stands::Open(9)));
    }

    #[test]
    fn what_is_not_open_is_forgotten() {
        let file = std::fs::File::open("/dev/null").expect("there is such a device");
        let mut table = Descriptors::default();
        table.set(3, Stands::Open(std::os::fd::AsRawFd::as_raw_fd(&file)));
        table.set(4, Stands::Open(i32::MAX));
        table.set(5, Stands::Simulated);
        table.forget_closed();
        assert_eq!([3, 4, 5].map(|traced| table.get(traced).is_some()), [true, false, true]);
    }

    /// Many threads are slow to return from their closes, while others are given the number.
    #[test]
    fn closes_that_are_late_leave_the_last_one_open_however_many_they_are() {
        let mut table = Descriptors::default();
        table.set(5, Stands::Open(0));
        for n in 1..=10 {
            table.adopt(5, Stands::Open(n), 10 * n as u64, true);
        }
        for n in (0..10).rev() {
            assert!(table.take_overtaken(5, 10 * n + 1).is_some(), "{n} is closed, or was");
        }
        assert_eq!(table.take_overtaken(5, 0), None);
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
