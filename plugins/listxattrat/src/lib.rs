//! listxattrat(2): the names of a file's extended attributes, looked up from a directory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "listxattrat", number = 465, looks)]
struct Listxattrat<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD))]
    descriptor_current_working_directory: bool,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    #[bits(bits::AT)]
    flags_value: Option<i32>,
    #[output(3, length = 4)]
    #[when(arg(4).is_not(u32::MAX, 0))]
    xattr_list: Option<&'t [u8]>,
    #[arg(4)]
    list_size: i64,
}

export_plugin!(Listxattrat);
