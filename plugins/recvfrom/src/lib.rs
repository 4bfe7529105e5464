//! recvfrom(2): receive from a socket, and learn who sent it.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "recvfrom", simulated = "the network is not touched")]
struct Recvfrom<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[output(1, length = 2)]
    data_read: Option<&'t [u8]>,
    #[arg(2)]
    bytes_requested: i64,
    #[arg(3)]
    #[bits(bits::RECEIVE)]
    flags_value: Option<i32>,
    #[after(5)]
    sockaddr_length: i32,
}

export_plugin!(Recvfrom);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn receives_nothing() {
        let record = Recvfrom {
            descriptor: Fd(3),
            data_read: Some(b"hello"),
            bytes_requested: 16,
            flags_value: Some(libc::MSG_DONTWAIT),
            sockaddr_length: 0,
        };
        Stage::new().simulate(3).recorded(5, 0).replay(&record).is_not_made();
    }
}
