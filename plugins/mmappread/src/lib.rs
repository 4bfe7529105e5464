//! mmappread: pages of a file that can be read through a mapping. No system call makes this record: a tracer inside
//! of the kernel does when a fault brings a page in, or a recorder when the file is mapped.

use std::fs::File;
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::os::unix::fs::FileExt;

use sdk::prelude::*;

/// The columns stand where pread64(2) would have them.
#[derive(Record)]
#[record(extent = "mmappread", looks, loaded)]
struct Mmappread<'t> {
    #[arg(1)]
    #[hex]
    address: i64,
    #[arg(0)]
    descriptor: Fd,
    #[output(1, length = 2)]
    data_read: Option<&'t [u8]>,
    #[arg(2)]
    bytes_requested: i64,
    #[arg(3)]
    offset: i64,
}

/// No machine has larger pages in its page cache.
const LARGEST_PAGE: i64 = 2 << 20;

impl<'t> Replay<'t> for Mmappread<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        if self.descriptor == Fd(-1) {
            // The file was closed after it was mapped, or is a library.
            return Err(Skip::NOT_CAPTURED);
        }
        if !(0..=LARGEST_PAGE).contains(&self.bytes_requested) {
            return Err(Skip::MALFORMED);
        }
        let fd = process.fd(self.descriptor)?;
        let page = process.scratch(1, self.bytes_requested as u64)?;
        // SAFETY: the descriptor is the process's, open, and not closed here.
        let file = ManuallyDrop::new(unsafe { File::from_raw_fd(fd) });
        match file.read_at(page, self.offset as u64) {
            Ok(read) => {
                // A mapping shows zeros past the end of its file.
                page[read..].fill(0);
                process.returned(0, page);
                Ok(Ok(self.bytes_requested))
            }
            Err(error) => Ok(Err(Errno(error.raw_os_error().unwrap_or(libc::EIO)))),
        }
    }
}

export_plugin!(Mmappread);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const PAGE: Mmappread<'_> = Mmappread {
        address: 0x7f00_0000_0000,
        descriptor: Fd(3),
        data_read: None,
        bytes_requested: 4096,
        offset: 4096,
    };

    #[test]
    fn past_the_end_of_the_file_the_page_is_zero() {
        let mut stage = Stage::with_file(3, &[b'x'; 5000]);
        stage.recorded(4096, 0);
        let played = stage.replay(&PAGE).returns(4096);
        let expected = [vec![b'x'; 904], vec![0; 3192]].concat();
        assert_eq!(played.filled(0), Some(&expected[..]));
    }

    #[test]
    fn a_page_of_an_unknown_file_is_not_read() {
        Stage::new().replay(&Mmappread { descriptor: Fd(-1), ..PAGE }).is_not_made();
    }

    #[test]
    fn an_impossible_page_is_not_read() {
        for bytes_requested in [-1, i64::MAX] {
            let mut stage = Stage::with_file(3, b"");
            stage.replay(&Mmappread { bytes_requested, ..PAGE }).is_not_made();
        }
    }
}
