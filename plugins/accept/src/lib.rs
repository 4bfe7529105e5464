//! accept(2): take the next connection that waits at a listening socket.

use sdk::prelude::*;
use sdk::socket;

#[derive(Record)]
#[record(
    syscall = "accept",
    returns = descriptor,
    blocks,
    simulated = "its other end is not in the trace",
    partly,
    changes = descriptors,
    class = "network"
)]
struct Accept<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[output(1, filled = 2)]
    sockaddr_buffer: Option<&'t [u8]>,
    #[after(2)]
    sockaddr_length: Option<i32>,
}

impl<'t> Replay<'t> for Accept<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        if process.recorded().succeeded() && !process.has_visitor(self.descriptor, fd) {
            return Err(Skip::SIMULATED);
        }
        // SAFETY: without room for it, no address is told.
        let replayed = unsafe { sys::numbers(libc::SYS_accept, [fd.into(), 0, 0]) };
        if let Ok(fd) = replayed {
            socket::widen(fd as i32);
        }
        process.adopt_returned(replayed);
        Ok(replayed)
    }
}

export_plugin!(Accept);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const ACCEPT: Accept<'_> =
        Accept { descriptor: Fd(3), sockaddr_buffer: None, sockaddr_length: None };

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
