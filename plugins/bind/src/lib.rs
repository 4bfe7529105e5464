//! bind(2): give a socket an address.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "bind", simulated = "the network is not touched")]
struct Bind<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[input(1, length = 2, whole)]
    sockaddr_buffer: Option<&'t [u8]>,
    #[arg(2)]
    sockaddr_length: i32,
}

export_plugin!(Bind);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn takes_no_address() {
        let address = b"\x01\0/tmp/socket\0";
        let record = Bind {
            descriptor: Fd(3),
            sockaddr_buffer: Some(address),
            sockaddr_length: address.len() as i32,
        };
        Stage::new().simulate(3).replay(&record).is_not_made();
    }
}
