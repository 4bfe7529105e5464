//! readahead(2): read a part of a file into the page cache.

use sdk::prelude::*;

#[derive(Record)]
#[record(syscall = "readahead", looks, keeps_offset)]
struct Readahead {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    readahead_off: i64,
    #[arg(2)]
    readahead_size: i64,
}

impl<'t> Replay<'t> for Readahead {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        // In traces of the original recorder the two have changed places (trace schema, §8, D6).
        let (offset, size) = match process.is_reference_trace() {
            true => (self.readahead_size, self.readahead_off),
            false => (self.readahead_off, self.readahead_size),
        };
        // SAFETY: the call takes numbers only.
        Ok(unsafe { sys::numbers(libc::SYS_readahead, [fd.into(), offset, size]) })
    }
}

export_plugin!(Readahead);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const READAHEAD: Readahead =
        Readahead { descriptor: Fd(3), readahead_off: 0, readahead_size: 4096 };

    #[test]
    fn leaves_the_file_offset_alone() {
        let mut stage = Stage::with_file(3, b"0123456789");
        stage.replay(&READAHEAD).returns(0);
        assert_eq!(stage.offset(3), 0);
    }

    #[test]
    fn a_pipe_fails_again() {
        let mut stage = Stage::with_pipe(3, 4);
        stage.recorded(-1, libc::EINVAL).replay(&READAHEAD).fails(libc::EINVAL);
    }
}
