//! removexattrat(2): remove an extended attribute of a file, looked up from a directory.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "removexattrat", number = 466)]
struct Removexattrat<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD))]
    descriptor_current_working_directory: bool,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    #[bits(bits::AT)]
    flags_value: Option<i32>,
    #[string(3)]
    xattr_name: Option<&'t [u8]>,
}

export_plugin!(Removexattrat);
