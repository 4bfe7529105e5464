//! What came of a replay, and what a test expects of it.

use super::host::Acts;
use crate::{Errno, Replayed};

/// What came of a replay.
pub struct Played<'a> {
    pub(super) replayed: Replayed,
    pub(super) acts: &'a Acts,
}

impl Played<'_> {
    /// The outcome itself.
    pub fn outcome(&self) -> Replayed {
        self.replayed
    }

    /// # Panics
    /// Unless the call returned `value`.
    #[track_caller]
    pub fn returns(self, value: i64) -> Self {
        assert_eq!(self.replayed, Ok(Ok(value)));
        self
    }

    /// The value that the call returned.
    ///
    /// # Panics
    /// If it didn't succeed.
    #[track_caller]
    pub fn value(&self) -> i64 {
        match self.replayed {
            Ok(Ok(value)) => value,
            other => panic!("the call came to {other:?}"),
        }
    }

    /// # Panics
    /// Unless the call failed with `errno`.
    #[track_caller]
    pub fn fails(self, errno: i32) -> Self {
        assert_eq!(self.replayed, Ok(Err(Errno(errno))));
        self
    }

    /// # Panics
    /// Unless the call wasn't made.
    #[track_caller]
    pub fn is_not_made(self) -> Self {
        assert!(self.replayed.is_err(), "the call came to {:?}", self.replayed);
        self
    }

    /// What the kernel filled in for fetch `fetch`, for comparison.
    pub fn filled(&self, fetch: u32) -> Option<&[u8]> {
        self.acts.returned.iter().find(|(number, _)| *number == fetch).map(|(_, data)| &data[..])
    }

    /// The same for a fetch of several buffers: of each, the length that it has room for and the bytes.
    ///
    /// # Panics
    /// If nothing was filled in for `fetch`.
    pub fn filled_items(&self, fetch: u32) -> Vec<(u64, Vec<u8>)> {
        let mut rest = self.filled(fetch).expect("the kernel filled in something");
        let mut items = Vec::new();
        while let Some((header, after)) = rest.split_first_chunk::<24>() {
            let word =
                |at: usize| u64::from_ne_bytes(*header[at..].first_chunk().expect("24 bytes"));
            let (bytes, after) = after.split_at(word(16) as usize);
            items.push((word(8), bytes.to_vec()));
            rest = after;
        }
        items
    }

    /// The tasks that were created, with what they share (`abi::CHILD_SHARES_…`).
    pub fn tasks(&self) -> &[(i32, u32)] {
        &self.acts.tasks
    }

    /// What the process no longer has in common with others (`abi::CHILD_SHARES_…`).
    pub fn unshared(&self) -> u32 {
        self.acts.unshared
    }

    /// Whether the process ran a new program.
    pub fn executed(&self) -> bool {
        self.acts.executed
    }

    /// Whether the thread ended, and if so, whether its process did.
    pub fn exited(&self) -> Option<bool> {
        self.acts.exited
    }

    /// Differences that the plugin found itself: column, expected, got.
    pub fn diverged(&self) -> &[(u32, String, String)] {
        &self.acts.diverged
    }

    /// Messages.
    pub fn log(&self) -> &[String] {
        &self.acts.log
    }
}
