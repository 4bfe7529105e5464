//! openat(2): open, and possibly create, a file.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "openat", returns = descriptor)]
struct Openat<'t> {
    #[arg(0)]
    descriptor: DirFd,
    #[holds(arg(0).is(libc::AT_FDCWD))]
    descriptor_current_working_directory: bool,
    #[pathname(1)]
    given_pathname: Option<Path<'t>>,
    #[arg(2)]
    #[bits(bits::OPEN)]
    open_value: Option<i32>,
    #[arg(3)]
    #[when(arg(2).any(bits::CREATES))]
    #[bits(bits::MODE)]
    #[octal]
    mode_value: Option<i32>,
    #[unset]
    full_pathname: Option<Path<'t>>,
}

export_plugin!(Openat);
