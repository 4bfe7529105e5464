//! Locks of files (fcntl(2), flock(2)).

use crate::{Errno, Process};

impl Process<'_> {
    /// Takes or gives up a lock as the recorded call did, by `at_once`, or by `patiently`, which waits for it. A lock that
    /// the recorded call got without waiting may have been given up by a call that overlapped it and returned later.
    ///
    /// # Errors
    /// The kernel's; of a lock that isn't given up, what `at_once` came to.
    pub fn lock_again(
        &self,
        at_once: impl FnOnce() -> Result<i64, Errno>,
        patiently: impl FnOnce() -> Result<i64, Errno>,
    ) -> Result<i64, Errno> {
        match at_once() {
            Err(taken @ Errno(libc::EAGAIN)) if self.recorded().succeeded() => {
                patiently().map_err(|_| taken)
            }
            locked => locked,
        }
    }
}
