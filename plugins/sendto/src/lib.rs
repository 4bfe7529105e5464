//! sendto(2): send through a socket, to an address if it isn't connected to one.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "sendto", simulated = "the network is not touched")]
struct Sendto<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[input(1, length = 2)]
    data_written: Option<&'t [u8]>,
    #[arg(2)]
    bytes_requested: i64,
    #[arg(3)]
    #[bits(bits::SEND)]
    flags_value: Option<i32>,
    #[input(4, length = 5, whole)]
    sockaddr_buffer: Option<&'t [u8]>,
    #[arg(5)]
    sockaddr_length: i32,
}

export_plugin!(Sendto);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn sends_nothing() {
        let record = Sendto {
            descriptor: Fd(3),
            data_written: Some(b"hello"),
            bytes_requested: 5,
            flags_value: Some(libc::MSG_NOSIGNAL),
            sockaddr_buffer: None,
            sockaddr_length: 0,
        };
        Stage::new().simulate(3).recorded(5, 0).replay(&record).is_not_made();
    }
}
