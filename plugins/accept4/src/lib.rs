//! accept4(2): as accept(2), with flags for the new descriptor.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;
use sdk::socket;

#[derive(Record)]
#[record(
    syscall = "accept4",
    returns = descriptor,
    blocks,
    simulated = "its other end is not in the trace",
    partly,
    changes = descriptors,
    class = "network"
)]
struct Accept4<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[output(1, filled = 2)]
    sockaddr_buffer: Option<&'t [u8]>,
    #[after(2)]
    sockaddr_length: Option<i32>,
    #[arg(3)]
    #[bits(FLAGS)]
    flags: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "SOCK_CLOEXEC", libc::SOCK_CLOEXEC as i64),
    bit("", "SOCK_NONBLOCK", libc::SOCK_NONBLOCK as i64),
];

impl<'t> Replay<'t> for Accept4<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        if process.recorded().succeeded() && !process.has_visitor(self.descriptor, fd) {
            return Err(Skip::SIMULATED);
        }
        let flags = self.flags.ok_or(Skip::NOT_CAPTURED)?;
        // SAFETY: without room for it, no address is told.
        let replayed = unsafe { sys::numbers(libc::SYS_accept4, [fd.into(), 0, 0, flags.into()]) };
        if let Ok(fd) = replayed {
            socket::widen(fd as i32);
        }
        process.adopt_returned(replayed);
        Ok(replayed)
    }
}

export_plugin!(Accept4);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const ACCEPT: Accept4<'_> = Accept4 {
        descriptor: Fd(3),
        sockaddr_buffer: None,
        sockaddr_length: None,
        flags: Some(libc::SOCK_CLOEXEC),
    };

    #[test]
    fn who_is_not_in_the_trace_is_not_waited_for() {
        let mut stage = Stage::with_socket(3);
        stage.recorded(4, 0).replay(&ACCEPT).is_not_made();
    }

    #[test]
    fn a_socket_that_does_not_listen_fails_again() {
        let mut stage = Stage::with_socket(3);
        stage.recorded(-1, libc::EINVAL).replay(&ACCEPT).fails(libc::EINVAL);
    }
}
