//! Memory that a plugin says is there, read through the kernel: where it isn't, that is an answer and no
//! crash.

/// The most that a plugin hands over at once; more than any call moves.
pub const MOST: u64 = 1 << 31;

/// The `length` bytes at `start` of our own memory; none if they can't be read.
///
/// # Safety
/// Where the kernel doesn't answer such questions, the bytes must be there.
pub unsafe fn copy(start: *const u8, length: u64) -> Option<Vec<u8>> {
    if length == 0 {
        return Some(Vec::new());
    }
    let length = usize::try_from(length).ok().filter(|_| length <= MOST)?;
    // The last byte is looked at before room is made for all.
    if read(start.wrapping_add(length - 1), &mut [0]) == Some(0) {
        return None;
    }
    let mut bytes = vec![0; length];
    match read(start, &mut bytes) {
        Some(read) => (read == length).then_some(bytes),
        // SAFETY: the caller vouches for the bytes.
        None => Some(unsafe { std::slice::from_raw_parts(start, length) }.to_vec()),
    }
}

/// Reads our own memory: how many bytes can be read, or nothing if the kernel won't say.
fn read(start: *const u8, to: &mut [u8]) -> Option<usize> {
    let local = libc::iovec { iov_base: to.as_mut_ptr().cast(), iov_len: to.len() };
    let remote = libc::iovec { iov_base: start.cast_mut().cast(), iov_len: to.len() };
    let process = std::process::id() as libc::pid_t;
    let (local, remote) = (&raw const local, &raw const remote);
    // SAFETY: the kernel writes into `to` only, and checks what it reads.
    let read = unsafe { libc::process_vm_readv(process, local, 1, remote, 1, 0) };
    match usize::try_from(read) {
        Ok(read) => Some(read),
        Err(_) if std::io::Error::last_os_error().raw_os_error() == Some(libc::EFAULT) => Some(0),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_copied() {
        let text = *b"here";
        // SAFETY: the kernel is asked, and answers.
        unsafe {
            assert_eq!(copy(text.as_ptr(), 4).as_deref(), Some(&b"here"[..]));
            assert_eq!(copy(0x10 as *const u8, 4), None);
            assert_eq!(copy(text.as_ptr(), 1 << 30), None);
            assert_eq!(copy(text.as_ptr(), u64::MAX), None);
            assert_eq!(copy(std::ptr::null(), 0), Some(Vec::new()));
        }
    }
}
