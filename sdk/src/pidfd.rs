//! Descriptors for processes (pidfd_open(2)). The replay has no processes, so nothing stands for such a descriptor;
//! but which task of the trace it is for is kept with it.

use crate::{Fd, Process, Skip};

/// What the first word of a descriptor's note says if the second is a task.
const IS_TASK: u64 = 0x7069_6466;

/// What is kept with a descriptor for task `task`.
pub(crate) fn note(task: i32) -> [u64; 4] {
    [IS_TASK, task as u64, 0, 0]
}

impl Process<'_> {
    /// `traced` is for task `task` from now on, and simulated otherwise.
    pub fn adopt_pidfd(&mut self, traced: i32, task: i32) {
        self.adopt(traced, -1);
        if let Some(note) = self.note(Fd(traced)) {
            *note = self::note(task);
        }
    }

    /// The task that `traced` is for.
    ///
    /// # Errors
    /// The trace doesn't say.
    pub fn task_of(&mut self, traced: Fd) -> Result<i32, Skip> {
        match self.note(traced) {
            Some(&mut [IS_TASK, task, ..]) => Ok(task as i32),
            _ => Err(Skip::SIMULATED),
        }
    }
}
