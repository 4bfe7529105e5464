//! Whose rights a thread has (credentials(7)).
//!
//! A server drops its rights and then makes files, whose owner is to come out right. The kernel keeps users and
//! groups per thread; it is the C library that changes all threads of a process at once. So a replaying thread
//! takes on what its task had, with raw calls, and no other one does.
//!
//! A program may keep the right to change its groups when it has changed its user (`PR_SET_KEEPCAPS`, capset(2)), and
//! needn't: a replaying thread always keeps it, and uses it for calls that succeeded alone.

use libc::c_long;

use crate::{Errno, Process, Replayed, Skip, sys};

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
        self.take_on(|| {
            // SAFETY: such calls take numbers only, and change nothing but this thread's credentials.
            unsafe { sys::numbers(number, ids.map(i64::from)) }
        })
    }

    /// Makes `call`, which sets users or groups of this thread.
    ///
    /// # Errors
    /// As [`Process::takes_on_users`].
    pub fn take_on(&self, call: impl Fn() -> Result<i64, Errno>) -> Replayed {
        self.takes_on_users()?;
        // SAFETY: the call takes numbers only, and concerns this thread alone.
        let _ =
            unsafe { sys::numbers(libc::SYS_prctl, [libc::PR_SET_KEEPCAPS.into(), 1, 0, 0, 0]) };
        Ok(match call() {
            Err(Errno(libc::EPERM)) if raise(true).is_ok() => {
                let called = call();
                let _ = raise(false);
                called
            }
            called => called,
        })
    }
}

/// `CAP_SETGID` and `CAP_SETUID`.
const TO_CHANGE_USERS: u32 = 1 << 6 | 1 << 7;

/// `_LINUX_CAPABILITY_VERSION_3`, and this thread.
const HEADER: [u32; 2] = [0x2008_0522, 0];

/// Lets this thread change its users and groups, as far as it kept the right to; or no longer, unless it is root.
fn raise(is_raised: bool) -> Result<(), Errno> {
    // Twice the effective, permitted and inheritable ones.
    let mut sets = [0u32; 6];
    capabilities(libc::SYS_capget, &mut sets)?;
    // SAFETY: the call takes nothing.
    let is_root = unsafe { libc::geteuid() } == 0;
    match is_raised {
        true => sets[0] |= TO_CHANGE_USERS & sets[1],
        false if is_root => return Ok(()),
        false => sets[0] &= !TO_CHANGE_USERS,
    }
    capabilities(libc::SYS_capset, &mut sets)
}

/// Gets or sets the capabilities of this thread.
fn capabilities(call: c_long, sets: &mut [u32; 6]) -> Result<(), Errno> {
    let mut header = HEADER;
    let words = [header.as_mut_ptr() as usize, sets.as_mut_ptr() as usize, 0, 0, 0, 0];
    // SAFETY: header and sets have the layout of version 3 of capget(2) and capset(2).
    unsafe { sys::call(call, words) }.map(drop)
}
