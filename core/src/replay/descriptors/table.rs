//! A table of descriptors that tasks may have in common.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Descriptors, Stands};

/// A table of descriptors, and how many tasks have it in common.
#[derive(Debug, Default)]
pub struct Table {
    descriptors: Mutex<Descriptors>,
    users: AtomicUsize,
    version: Version,
}

impl Table {
    /// The descriptors, whoever broke down while holding them: that ends the replay in another way.
    pub fn lock(&self) -> Guard<'_> {
        let descriptors = self.descriptors.lock().unwrap_or_else(PoisonError::into_inner);
        Guard { descriptors, version: &self.version }
    }

    /// What stands for `traced` in the record at `position`, by what the thread `last` looked up where that still is so:
    /// threads that use descriptors, and change none, needn't meet at the lock.
    #[inline]
    pub fn look_up(&self, traced: i32, position: u64, last: &mut LookedUps) -> Option<Stands> {
        let last = &mut last[traced as usize % last.len()];
        if last.traced == traced && last.version == self.version.0.load(Ordering::Acquire) {
            return last.stands;
        }
        let files = self.lock();
        let stands = files.get_at(traced, position);
        // Where a number means this or that by the position, what it meant is no use.
        let version = match files.overtaken.is_empty() {
            true => self.version.0.load(Ordering::Relaxed),
            false => 0,
        };
        *last = LookedUp { version, traced, stands };
        stands
    }

    /// A copy that no task has yet.
    pub fn copy(&self) -> Files {
        let descriptors = Mutex::new(self.lock().clone());
        Arc::new(Self { descriptors, users: AtomicUsize::new(0), version: Version::default() })
    }

    /// As [`Descriptors::adopt`]: where tasks have the table in common, one of them may still have a close to come.
    pub fn adopt(&self, traced: i32, stands: Stands, position: u64) -> Option<Stands> {
        let may_be_overtaken = self.is_shared();
        self.lock().adopt(traced, stands, position, may_be_overtaken)
    }

    /// Makes a copy one thread's own, once its descriptors are. What lost its number already is closed: the call that
    /// closes it is the other's.
    pub fn part(&self) {
        let mut files = self.lock();
        files.forget_closed();
        let overtaken = std::mem::take(&mut files.overtaken);
        drop(files);
        overtaken.into_values().flatten().for_each(|lost| lost.stands.close());
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

/// A table of descriptors, which tasks may have in common.
pub type Files = Arc<Table>;

/// The descriptors of a table, while nobody else has them. Who changes them makes another state of them.
#[derive(Debug)]
pub struct Guard<'t> {
    descriptors: MutexGuard<'t, Descriptors>,
    version: &'t Version,
}

impl Deref for Guard<'_> {
    type Target = Descriptors;

    fn deref(&self) -> &Descriptors {
        &self.descriptors
    }
}

impl DerefMut for Guard<'_> {
    fn deref_mut(&mut self) -> &mut Descriptors {
        self.version.0.store(Version::fresh(), Ordering::Release);
        &mut self.descriptors
    }
}

/// Which state of which table this is: no two have the same. On a cache line of its own, for it is read at every
/// record, by threads that have the table in common.
#[derive(Debug)]
#[repr(align(128))]
struct Version(AtomicU64);

impl Version {
    /// One that there was not before.
    fn fresh() -> u64 {
        static LAST: AtomicU64 = AtomicU64::new(0);
        LAST.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl Default for Version {
    fn default() -> Self {
        Self(AtomicU64::new(Self::fresh()))
    }
}

/// What a thread last looked up, by the low bits of the traced numbers.
pub type LookedUps = [LookedUp; 8];

/// What a thread looked up, which is so for as long as the table stays as it was.
#[derive(Clone, Copy, Debug, Default)]
pub struct LookedUp {
    /// The table's state; 0 is none's.
    version: u64,
    traced: i32,
    stands: Option<Stands>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_looked_up_is_forgotten_when_the_table_changes() {
        let (files, mut last) = (Files::default(), LookedUps::default());
        assert_eq!(files.look_up(0, 0, &mut last), None);
        files.lock().set(3, Stands::Open(5));
        for position in 0..2 {
            assert_eq!(files.look_up(3, position, &mut last), Some(Stands::Open(5)));
        }
        files.lock().set_note(3, [1; 4]);
        assert_eq!(last[3].version, files.version.0.load(Ordering::Relaxed), "a note is no change");
        let copy = files.copy();
        copy.lock().set(3, Stands::Open(6));
        assert_eq!(copy.look_up(3, 2, &mut last), Some(Stands::Open(6)), "another table");
        assert_eq!(files.look_up(3, 2, &mut last), Some(Stands::Open(5)));
        files.lock().adopt(3, Stands::Open(7), 10, true);
        for (position, open) in [(9, 5), (10, 7), (9, 5)] {
            assert_eq!(files.look_up(3, position, &mut last), Some(Stands::Open(open)));
        }
        files.lock().remove(3);
        assert_eq!(files.look_up(3, 11, &mut last), None);
    }
}
