//! Whose rights a thread has (credentials(7)).
//!
//! A server drops its rights and then makes files, whose owner is to come out right. The kernel keeps users and
//! groups per thread; it is the C library that changes all threads of a process at once. So a replaying thread
//! takes on what its task had, with raw calls, and no other one does.

use libc::c_long;

use crate::{Process, Replayed, Skip, sys};

impl Process<'_> {
    /// Whether the replay takes on the program's users and groups, and the recorded call did.
    ///
    /// # Errors
    /// Not.
    pub fn takes_on_users(&self) -> Result<(), Skip> {
        let is_wanted = self.wants(abi::want::CREDENTIALS) && self.recorded().succeeded();
        if is_wanted { Ok(()) } else { Err(Skip::SIMULATED) }
    }

    /// Makes the call `number`, which sets users or groups of this thread.
    ///
    /// # Errors
    /// As [`Process::takes_on_users`].
    pub fn set_ids<const N: usize>(&self, number: c_long, ids: [i32; N]) -> Replayed {
        self.takes_on_users()?;
        // SAFETY: such calls take numbers only, and change nothing but this thread's credentials.
        Ok(unsafe { sys::numbers(number, ids.map(i64::from)) })
    }
}
