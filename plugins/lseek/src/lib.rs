//! lseek(2): move the file offset.

use std::mem::MaybeUninit;
use std::os::fd::RawFd;

use sdk::abi::Bit;
use sdk::declare::constant;
use sdk::prelude::*;

/// `whence` and `whence_value` hold the same; traces of the original recorder lack the second.
#[derive(Record)]
#[record(syscall = "lseek", looks)]
struct Lseek {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    offset: i64,
    #[arg(2)]
    #[names(WHENCE)]
    whence: u8,
    #[arg(2)]
    #[names(WHENCE)]
    whence_value: Option<i32>,
}

const WHENCE: &[Bit] = &[
    constant("", "SEEK_SET", libc::SEEK_SET as i64),
    constant("", "SEEK_CUR", libc::SEEK_CUR as i64),
    constant("", "SEEK_END", libc::SEEK_END as i64),
    constant("", "SEEK_DATA", libc::SEEK_DATA as i64),
    constant("", "SEEK_HOLE", libc::SEEK_HOLE as i64),
];

impl<'t> Replay<'t> for Lseek {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        let recorded = process.recorded();
        let (offset, whence) = match self.whence_value.unwrap_or(self.whence.into()) {
            // Where a file has holes is up to its file system. What counts for the calls that follow is
            // where the program went.
            libc::SEEK_DATA | libc::SEEK_HOLE if recorded.succeeded() => {
                (recorded.return_value, libc::SEEK_SET)
            }
            whence => (self.offset, whence),
        };
        // SAFETY: the call takes numbers only.
        let sought = unsafe { sys::numbers(libc::SYS_lseek, [fd.into(), offset, whence.into()]) };
        // Offsets in a directory are the file system's own.
        let differs = recorded.succeeded() && sought.is_ok_and(|to| to != recorded.return_value);
        Ok(if differs && is_directory(fd) { Ok(recorded.return_value) } else { sought })
    }
}

fn is_directory(fd: RawFd) -> bool {
    let mut stat = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: the kernel fills in one structure.
    let _ = unsafe { libc::fstat(fd, stat.as_mut_ptr()) };
    // SAFETY: all zero is a valid structure too.
    let mode = unsafe { stat.assume_init() }.st_mode;
    mode & libc::S_IFMT == libc::S_IFDIR
}

export_plugin!(Lseek);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn lseek(offset: i64, whence: i32) -> Lseek {
        Lseek { descriptor: Fd(3), offset, whence: whence as u8, whence_value: Some(whence) }
    }

    #[test]
    fn moves_the_file_offset() {
        let mut stage = Stage::with_file(3, b"0123456789");
        stage.recorded(8, 0).replay(&lseek(-2, libc::SEEK_END)).returns(8);
        assert_eq!(stage.offset(3), 8);
        let old = Lseek { whence_value: None, ..lseek(1, libc::SEEK_CUR) };
        stage.recorded(9, 0).replay(&old).returns(9);
    }

    #[test]
    fn an_offset_beyond_32_bits_is_reached() {
        let mut stage = Stage::with_file(3, b"");
        let far = 5 << 32;
        stage.recorded(far, 0).replay(&lseek(far, libc::SEEK_SET)).returns(far);
    }

    #[test]
    fn an_offset_before_the_start_fails_again() {
        let mut stage = Stage::with_file(3, b"0123456789");
        let before = lseek(-1, libc::SEEK_SET);
        stage.recorded(-1, libc::EINVAL).replay(&before).fails(libc::EINVAL);
    }

    #[test]
    fn goes_where_the_program_found_data_whatever_holes_there_are() {
        let mut stage = Stage::with_file(3, b"0123456789");
        stage.recorded(7, 0).replay(&lseek(2, libc::SEEK_DATA)).returns(7);
        assert_eq!(stage.offset(3), 7);
    }

    #[test]
    fn offsets_in_a_directory_are_not_compared() {
        let mut stage = Stage::new();
        stage.open(3, ".");
        stage.recorded(1 << 40, 0).replay(&lseek(0, libc::SEEK_CUR)).returns(1 << 40);
        stage.recorded(0, 0).replay(&lseek(0, libc::SEEK_SET)).returns(0);
    }
}
