//! Pipes of a replay, which hold twice as much as the recorded ones.
//!
//! How many bytes fit into a pipe depends on how they lie in its pages, and so on how much each call moved and when.
//! A replay moves the same bytes in the same order, but not in the same steps: what just fitted then might not fit
//! now, and the writer would wait for a reader whose turn comes later.

use std::os::fd::RawFd;

use libc::{F_GETPIPE_SZ, F_SETPIPE_SZ};

use crate::{Errno, Recorded, sys};

/// How much more fits.
const WIDER: i64 = 2;

/// Makes room in the new pipe `fd`, if its user may have that much.
pub fn widen(fd: RawFd) {
    // SAFETY: the calls take numbers only.
    let fcntl = |words| unsafe { sys::numbers(libc::SYS_fcntl, words) };
    if let Ok(room) = fcntl([fd.into(), F_GETPIPE_SZ.into(), 0]) {
        let _ = fcntl([fd.into(), F_SETPIPE_SZ.into(), WIDER * room]);
    }
}

/// What a program is told of a pipe's room where the replayed call was told `replayed`.
///
/// # Errors
/// As `replayed`.
pub fn room(recorded: Recorded, replayed: Result<i64, Errno>) -> Result<i64, Errno> {
    replayed.map(|room| match recorded.return_value {
        narrower if room == WIDER * narrower => narrower,
        _ => room,
    })
}
