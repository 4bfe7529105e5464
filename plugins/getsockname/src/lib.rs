//! getsockname(2): the address that a socket is bound to.

use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "getsockname",
    simulated = "the network is not touched",
    networked,
    class = "network"
)]
struct Getsockname<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[output(1, filled = 2)]
    sockaddr_buffer: Option<&'t [u8]>,
    #[after(2)]
    sockaddr_length: Option<i32>,
}

/// Others may know the socket by the address that the trace tells.
impl<'t> Replay<'t> for Getsockname<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        if process.has_network() && process.recorded().succeeded() {
            let fd = process.fd(self.descriptor)?;
            process.announce_port(fd, self.sockaddr_buffer.unwrap_or_default());
        }
        Err(Skip::SIMULATED)
    }
}

export_plugin!(Getsockname);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn asks_no_socket_for_its_address() {
        let record =
            Getsockname { descriptor: Fd(3), sockaddr_buffer: None, sockaddr_length: Some(16) };
        Stage::new().simulate(3).replay(&record).is_not_made();
    }
}
