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
        Ok(unsafe { sys::call(libc::SYS_setsockopt, words) })
    }
}

export_plugin!(Setsockopt);
