//! Raw system calls, with errno taken at once.

use crate::Errno;

/// Makes system call `number`.
///
/// # Safety
/// The words must be what that call takes: where it takes a pointer, the kernel will read or write
/// through it, as far as the other arguments say. Calls that change this process's memory map or
/// threads are not for here.
#[inline]
pub unsafe fn call(number: libc::c_long, words: [usize; 6]) -> Result<i64, Errno> {
    let [a, b, c, d, e, f] = words;
    // SAFETY: the caller vouches for the words; libc's wrapper adds nothing to them.
    let returned = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if returned == -1 {
        // SAFETY: the location is this thread's own and always valid.
        return Err(Errno(unsafe { *libc::__errno_location() }));
    }
    Ok(returned)
}

/// Makes system call `number` with arguments that are plain numbers to the kernel: descriptors,
/// flags, offsets.
///
/// # Safety
/// The call must not take any of the words as a pointer, unless it is 0, and must not change this
/// process's memory map or threads.
#[inline]
pub unsafe fn numbers<const N: usize>(number: libc::c_long, words: [i64; N]) -> Result<i64, Errno> {
    const { assert!(N <= 6, "a system call has at most six arguments") };
    let mut all = [0; 6];
    for (to, from) in all.iter_mut().zip(words) {
        *to = from as usize;
    }
    // SAFETY: the caller vouches for the words.
    unsafe { call(number, all) }
}
