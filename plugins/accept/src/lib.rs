//! accept(2): take the next connection that waits at a listening socket.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "accept", returns = descriptor, simulated = "the network is not touched")]
struct Accept<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[output(1, filled = 2)]
    sockaddr_buffer: Option<&'t [u8]>,
    #[after(2)]
    sockaddr_length: Option<i32>,
}

export_plugin!(Accept);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn waits_for_no_connection() {
        let record = Accept { descriptor: Fd(3), sockaddr_buffer: None, sockaddr_length: Some(16) };
        Stage::new().simulate(3).replay(&record).is_not_made();
    }
}
