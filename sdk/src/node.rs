//! Files that mknod(2) makes, devices among them.

use std::os::fd::RawFd;

use crate::{Errno, Process, Replayed, sys};

/// Makes the file of `mode` and `dev` at the path that `path` points to, looked up from `dirfd`.
///
/// Where a replay may make no devices (beneath a root it may not), one that no driver has stands for it: number 0:0, which
/// the kernel lets everybody make, and nobody open. What the program then does to its name can be done again. The call
/// itself fails as it would, and is counted.
///
/// # Errors
/// The kernel's.
pub fn make(process: &Process<'_>, dirfd: RawFd, path: usize, mode: i32, dev: i32) -> Replayed {
    let make = |mode: i32, dev: i32| {
        let words = [dirfd as isize as usize, path, mode as usize, dev as usize, 0, 0];
        // SAFETY: the path ends in NUL, or is one that the kernel refuses.
        unsafe { sys::call(libc::SYS_mknodat, words) }
    };
    let made = make(mode, dev);
    let kind = mode as u32 & libc::S_IFMT;
    let is_device = matches!(kind, libc::S_IFCHR | libc::S_IFBLK);
    if is_device && made == Err(Errno(libc::EPERM)) && process.recorded().succeeded() {
        let permissions = mode as u32 & !libc::S_IFMT;
        // If that can't be made either, there is no file, as there would be none otherwise.
        let _ = make((permissions | libc::S_IFCHR) as i32, 0);
    }
    Ok(made)
}
