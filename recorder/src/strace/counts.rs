//! What is found in a log.

use std::collections::BTreeMap;

/// Names of calls without a plugin that are counted one by one; a log may have any.
const MOST_NAMES: usize = 1000;

/// What was found in a log.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Calls that became records.
    pub calls: u64,
    /// Calls that didn't, because no plugin has them or somebody switched them off, by name.
    pub not_recorded: BTreeMap<String, u64>,
    /// Calls of 32-bit programs.
    pub foreign_calls: u64,
    /// Strings of which strace left off the end.
    pub cut_texts: u64,
    /// Lists and structures of which it left off a part.
    pub cut_lists: u64,
    /// Calls without the time at which they were made.
    pub without_time: u64,
    /// Calls whose time has no date.
    pub without_date: u64,
    /// Calls that returned and don't tell when.
    pub without_duration: u64,
    /// Calls that strace tampered with.
    pub injected: u64,
    /// Tasks that a call made and of which the log has nothing.
    pub missing_tasks: u64,
    /// Tasks whose calls stand before the one that made them.
    pub early_tasks: u64,
}

impl Counts {
    /// Counts a call that no plugin has.
    pub(super) fn count_not_recorded(&mut self, name: &[u8]) {
        let name = String::from_utf8_lossy(name).into_owned();
        let is_known = self.not_recorded.contains_key(&name);
        let is_room = self.not_recorded.len() < MOST_NAMES;
        let name = if is_known || is_room { name } else { "others".to_owned() };
        *self.not_recorded.entry(name).or_default() += 1;
    }
}
