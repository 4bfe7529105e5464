//! setsockopt(2): set one of a socket's options.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "setsockopt", changes = descriptors, class = "network")]
struct Setsockopt<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[names(bits::SOCKET_LEVEL)]
    level: i32,
    #[arg(2)]
    #[bits(bits::SOCKET_OPTION, when = arg(1).is(libc::SOL_SOCKET))]
    optname: i32,
    #[input(3, length = 4, whole)]
    option_value: Option<&'t [u8]>,
    #[arg(4)]
    buffer_size: i32,
}

export_plugin!(Setsockopt);
