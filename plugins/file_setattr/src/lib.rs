//! file_setattr(2): set a file's flags and project, looked up from a directory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "file_setattr", number = 469)]
struct FileSetattr<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD))]
    descriptor_current_working_directory: bool,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[input(2, length = 3, whole)]
    attributes_written: Option<&'t [u8]>,
    #[arg(3)]
    attributes_size: i64,
    #[arg(4)]
    #[bits(bits::AT)]
    flags_value: Option<i32>,
}

export_plugin!(FileSetattr);
