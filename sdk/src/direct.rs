//! Direct I/O (`O_DIRECT` of open(2)): the kernel takes data from aligned memory only, and the trace's is anywhere.

use libc::{O_DIRECT, c_long, iovec};

use crate::{Errno, Recorded, sys};

/// A page: no device and no file system asks for more.
#[derive(Clone)]
#[repr(C, align(4096))]
struct Page([u8; SIZE]);

const SIZE: usize = 4096;

/// How a call that has a descriptor first is given data, as its second and third argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// A buffer and its length.
    Buffer,
    /// I/O vectors and their number.
    Vectors,
}

/// Makes system call `number`, which writes `data` to a descriptor: from where it is, and if the kernel refuses that
/// as direct I/O, and took it when it was `recorded`, from aligned memory.
///
/// # Errors
/// The kernel's.
///
/// # Safety
/// As [`sys::call`]; the second and third word are `data`.
pub unsafe fn write(
    number: c_long,
    words: [usize; 6],
    data: Data,
    recorded: Recorded,
) -> Result<i64, Errno> {
    // SAFETY: the caller vouches for the words.
    let replayed = unsafe { sys::call(number, words) };
    let refused = replayed == Err(Errno(libc::EINVAL)) && recorded.succeeded();
    if !refused || !is_direct(words[0]) {
        return replayed;
    }
    // SAFETY: these two words are `data`, as the caller vouches.
    unsafe { write_aligned(number, words, data) }
}

/// # Safety
/// As [`write`].
#[cold]
unsafe fn write_aligned(number: c_long, mut words: [usize; 6], data: Data) -> Result<i64, Errno> {
    let one = [iovec { iov_base: words[1] as *mut _, iov_len: words[2] }];
    let given = match data {
        Data::Buffer => &one,
        // SAFETY: the words are vectors and their number, as the caller vouches.
        Data::Vectors => unsafe { std::slice::from_raw_parts(words[1] as *const iovec, words[2]) },
    };
    let pages = given.iter().map(|vector| vector.iov_len.div_ceil(SIZE)).sum();
    let mut memory = vec![Page([0; SIZE]); pages];
    let mut at = memory.as_mut_ptr();
    let aligned = given.iter().map(|vector| {
        let iov_base = at.cast();
        // SAFETY: the vector names so many bytes, and there are as many pages as those need from here.
        unsafe {
            std::ptr::copy_nonoverlapping(vector.iov_base.cast(), at.cast::<u8>(), vector.iov_len);
            at = at.add(vector.iov_len.div_ceil(SIZE));
        }
        iovec { iov_base, iov_len: vector.iov_len }
    });
    let aligned: Vec<_> = aligned.collect();
    words[1] = match data {
        Data::Buffer => memory.as_ptr() as usize,
        Data::Vectors => aligned.as_ptr() as usize,
    };
    // SAFETY: the same call with the same bytes, elsewhere.
    unsafe { sys::call(number, words) }
}

/// Whether descriptor `fd` is open for direct I/O.
fn is_direct(fd: usize) -> bool {
    // SAFETY: the call takes numbers only.
    let flags = unsafe { sys::numbers(libc::SYS_fcntl, [fd as i64, libc::F_GETFL.into()]) };
    flags.is_ok_and(|flags| flags as i32 & O_DIRECT != 0)
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::OpenOptionsExt;

    use super::*;
    use crate::testing::Stage;

    const DONE: Recorded = Recorded { return_value: SIZE as i64, errno: 0 };

    /// A file for direct I/O and the path of it; none if the scratch directory's file system has no such.
    fn direct(stage: &Stage) -> Option<(std::fs::File, std::path::PathBuf)> {
        let path = stage.path("direct");
        let options = OpenOptions::new().write(true).create(true).custom_flags(O_DIRECT).clone();
        let file = options.open(&path).inspect_err(|error| eprintln!("NOT TESTED: {error}"));
        file.ok().map(|file| (file, path))
    }

    #[test]
    fn data_that_is_not_aligned_is_written_as_it_was() {
        let stage = Stage::new();
        let Some((file, path)) = direct(&stage) else { return };
        let data: Vec<u8> = (0..=SIZE).map(|n| n as u8).collect();
        let fd = file.as_raw_fd() as usize;
        let words = [fd, data.as_ptr() as usize + 1, SIZE, 0, 0, 0];
        // SAFETY: there are as many bytes.
        let replayed = unsafe { write(libc::SYS_pwrite64, words, Data::Buffer, DONE) };
        assert_eq!(replayed, Ok(SIZE as i64));
        let vector = iovec { iov_base: (data.as_ptr() as usize + 1) as *mut _, iov_len: SIZE };
        let vectors = [vector, vector];
        let words = [fd, vectors.as_ptr() as usize, 2, SIZE, 0, 0];
        // SAFETY: there are as many vectors, and as many bytes in each.
        let replayed = unsafe { write(libc::SYS_pwritev, words, Data::Vectors, DONE) };
        assert_eq!(replayed, Ok(2 * SIZE as i64));
        assert_eq!(std::fs::read(path).expect("it is there"), data[1..].repeat(3));
    }

    #[test]
    fn what_was_refused_is_refused_again() {
        let stage = Stage::new();
        let Some((file, _)) = direct(&stage) else { return };
        let words = [file.as_raw_fd() as usize, [1u8; 3].as_ptr() as usize, 3, 0, 0, 0];
        let failed = Recorded { return_value: -1, errno: libc::EINVAL };
        // SAFETY: there are three bytes.
        let replayed = unsafe { write(libc::SYS_pwrite64, words, Data::Buffer, failed) };
        assert_eq!(replayed, Err(Errno(libc::EINVAL)));
    }
}
