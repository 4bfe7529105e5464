//! file_getattr(2): a file's flags and project, looked up from a directory.

use sdk::declare::SUCCESS;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "file_getattr", number = 468, looks)]
struct FileGetattr<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD))]
    descriptor_current_working_directory: bool,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[output(2, length = 3, whole)]
    #[when(SUCCESS)]
    attributes_read: Option<&'t [u8]>,
    #[arg(3)]
    attributes_size: i64,
    #[arg(4)]
    #[bits(bits::AT)]
    flags_value: Option<i32>,
}

export_plugin!(FileGetattr);
