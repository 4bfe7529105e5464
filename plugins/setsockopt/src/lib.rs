//! setsockopt(2): set one of a socket's options.

use sdk::prelude::*;

#[derive(Record)]
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

impl<'t> Replay<'t> for Setsockopt<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        process.refuse_option(fd, self.level, self.optname)?;
        let (value, length) = process.input_whole(3, self.option_value, self.buffer_size.into())?;
        let words = [fd as usize, self.level as usize, self.optname as usize, value, length, 0];
        // SAFETY: there are as many bytes behind the pointer as the length says.
        let set = unsafe { sys::call(libc::SYS_setsockopt, words) };
        let lacks_the_right = set == Err(Errno(libc::EPERM)) && process.recorded().succeeded();
        if let Some(within_limits) = unforced(self.level, self.optname).filter(|_| lacks_the_right)
        {
            let words =
                [fd as usize, self.level as usize, within_limits as usize, value, length, 0];
            // SAFETY: as above.
            let _ = unsafe { sys::call(libc::SYS_setsockopt, words) };
            return Err(Skip::SIMULATED);
        }
        Ok(set)
    }
}

/// What anybody may set in place of an option that needs `CAP_NET_ADMIN`: the same, up to the system's limit.
fn unforced(level: i32, option: i32) -> Option<i32> {
    match (level, option) {
        (libc::SOL_SOCKET, libc::SO_SNDBUFFORCE) => Some(libc::SO_SNDBUF),
        (libc::SOL_SOCKET, libc::SO_RCVBUFFORCE) => Some(libc::SO_RCVBUF),
        _ => None,
    }
}

export_plugin!(Setsockopt);
