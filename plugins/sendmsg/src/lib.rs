//! sendmsg(2): send a message from several buffers through a socket.

use sdk::prelude::*;

/// A head row (`iov_number` = −1), then a row per buffer.
#[derive(Record, Replay)]
#[record(syscall = "sendmsg", simulated = "the network is not touched")]
struct Sendmsg<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[arg(2)]
    #[bits(bits::SEND)]
    flags_value: Option<i32>,
    #[ret]
    bytes_requested: i64,
    #[rows(1, message, before)]
    buffers: Rows<'t, Buffer<'t>>,
}

#[derive(Element, Clone)]
struct Buffer<'t> {
    #[length]
    bytes_requested: i64,
    #[bytes]
    iov_data_written: Option<&'t [u8]>,
}

export_plugin!(Sendmsg);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn sends_nothing() {
        let buffer = Buffer { bytes_requested: 5, iov_data_written: Some(b"hello") };
        let record = Sendmsg {
            descriptor: Fd(3),
            flags_value: Some(0),
            bytes_requested: 5,
            buffers: Rows::of(vec![buffer]),
        };
        Stage::new().simulate(3).recorded(5, 0).replay(&record).is_not_made();
    }
}
