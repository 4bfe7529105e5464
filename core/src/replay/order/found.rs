//! Records that one has to wait for.

use crate::replay::order::uses::At;

/// The records that one has to wait for: of each task the last.
#[derive(Debug, Default)]
pub struct Found {
    /// All others.
    pub all: Vec<At>,
    /// Those that one waits for because of what they did to a pipe, a socket or the like, where a call may wait for one
    /// that returned later.
    pub of_nameless: Vec<At>,
}

/// Adds `at`, unless it is of the task `own`.
pub fn add_to(all: &mut Vec<At>, at: At, own: u32) {
    if at.task == own {
        return;
    }
    match all.iter_mut().find(|found| found.task == at.task) {
        Some(found) if found.count < at.count => *found = at,
        Some(_) => {}
        None => all.push(at),
    }
}

impl Found {
    /// Adds `at` to `all`.
    pub fn add(&mut self, at: At, own: u32) {
        add_to(&mut self.all, at, own);
    }

    /// None are found.
    pub fn clear(&mut self) {
        self.all.clear();
        self.of_nameless.clear();
    }
}
