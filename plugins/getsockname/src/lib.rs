//! getsockname(2): the address that a socket is bound to.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "getsockname", simulated = "the network is not touched", class = "network")]
struct Getsockname<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[output(1, filled = 2)]
    sockaddr_buffer: Option<&'t [u8]>,
    #[after(2)]
    sockaddr_length: Option<i32>,
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
