//! connect(2): connect a socket to an address.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "connect", simulated = "the network is not touched")]
struct Connect<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[input(1, length = 2, whole)]
    sockaddr_buffer: Option<&'t [u8]>,
    #[arg(2)]
    sockaddr_length: i32,
}

export_plugin!(Connect);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn connects_to_nobody() {
        let address = b"\x01\0/tmp/socket\0";
        let record = Connect {
            descriptor: Fd(3),
            sockaddr_buffer: Some(address),
            sockaddr_length: address.len() as i32,
        };
        Stage::new().simulate(3).replay(&record).is_not_made();
    }
}
