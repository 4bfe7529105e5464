//! mmappwrite: a page of a mapped file that is written back. No system call makes this record: a tracer
//! inside of the kernel does, or a recorder that looks at what was stored through mappings.

use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt;

use sdk::prelude::*;

/// The columns stand where pwrite64(2) would have them. A process that closed its descriptor after it mapped
/// the file has −1 there, and the file's path.
#[derive(Record)]
#[record(extent = "mmappwrite", changes = descriptors, stored)]
struct Mmappwrite<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[input(1, length = 2)]
    data_written: Option<&'t [u8]>,
    #[arg(2)]
    bytes_requested: i64,
    #[arg(3)]
    offset: i64,
    #[pathname(4)]
    #[added]
    given_pathname: Option<Path<'t>>,
}

impl<'t> Replay<'t> for Mmappwrite<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let opened = match self.given_pathname {
            Some(path) if self.descriptor.0 < 0 => match open(process.path(path)?) {
                Ok(opened) => Some(opened),
                Err(error) => return Ok(Err(error)),
            },
            _ => None,
        };
        let fd = match &opened {
            Some(opened) => opened.as_raw_fd(),
            None => process.fd(self.descriptor)?,
        };
        let page = self.data_written.ok_or(Skip::NOT_CAPTURED)?;
        let page = process.payload(page);
        // SAFETY: the descriptor is the process's, open, and not closed here.
        let file = ManuallyDrop::new(unsafe { File::from_raw_fd(fd) });
        Ok(match write_back(&file, page, self.offset as u64) {
            Ok(()) => Ok(self.bytes_requested),
            Err(error) => Err(Errno(error.raw_os_error().unwrap_or(libc::EIO))),
        })
    }
}

/// Opens the file whose path is at `path`, as the mapping had it open.
fn open(path: usize) -> Result<OwnedFd, Errno> {
    let flags = libc::O_RDWR | libc::O_CLOEXEC | libc::O_NOCTTY | libc::O_NONBLOCK;
    let at = libc::AT_FDCWD as usize;
    // SAFETY: the path ends in NUL and lives through the call.
    let opened = unsafe { sys::call(libc::SYS_openat, [at, path, flags as usize, 0, 0, 0]) }?;
    // SAFETY: the kernel has just opened it, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(opened as RawFd) })
}

/// Writes what of `page` lies within the file: its last page doesn't make a file longer.
fn write_back(file: &File, page: &[u8], offset: u64) -> io::Result<()> {
    let status = file.metadata()?;
    let inside = if status.is_file() { status.len().saturating_sub(offset) } else { u64::MAX };
    let inside = page.len().min(usize::try_from(inside).unwrap_or(usize::MAX));
    file.write_all_at(&page[..inside], offset)
}

export_plugin!(Mmappwrite);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn the_last_page_leaves_the_file_as_long_as_it_is() {
        let mut stage = Stage::with_file(3, &[b'x'; 5000]);
        let page = [b'y'; 4096];
        let record = Mmappwrite {
            descriptor: Fd(3),
            data_written: Some(&page),
            bytes_requested: 4096,
            offset: 4096,
            given_pathname: None,
        };
        stage.recorded(4096, 0).replay(&record).returns(4096);
        let content = std::fs::read(stage.path("file")).expect("the file is there");
        assert_eq!(content, [vec![b'x'; 4096], vec![b'y'; 904]].concat());
    }

    #[test]
    fn a_page_that_the_trace_lacks_is_not_written() {
        let record = Mmappwrite {
            descriptor: Fd(3),
            data_written: None,
            bytes_requested: 4096,
            offset: 0,
            given_pathname: None,
        };
        Stage::with_file(3, b"x").recorded(4096, 0).replay(&record).is_not_made();
    }
    #[test]
    fn a_file_whose_descriptor_was_closed_is_found_by_its_path() {
        let mut stage = Stage::with_file(3, &[b'x'; 10]);
        let path = [stage.path("file").as_os_str().as_encoded_bytes(), b"\0"].concat();
        let record = Mmappwrite {
            descriptor: Fd(-1),
            data_written: Some(&[b'y'; 4096]),
            bytes_requested: 4096,
            offset: 0,
            given_pathname: Some(Path(&path)),
        };
        stage.recorded(4096, 0).replay(&record).returns(4096);
        assert_eq!(std::fs::read(stage.path("file")).expect("the file is there"), [b'y'; 10]);
    }
}
