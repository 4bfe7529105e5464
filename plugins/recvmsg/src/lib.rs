//! recvmsg(2): receive a message from a socket into several buffers.

use sdk::prelude::*;

/// A head row (`iov_number` = −1), then a row per buffer.
#[derive(Record, Replay)]
#[record(syscall = "recvmsg", simulated = "the network is not touched")]
struct Recvmsg<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[arg(2)]
    #[bits(bits::RECEIVE)]
    flags_value: Option<i32>,
    #[ret]
    bytes_requested: i64,
    #[rows(1, message, after)]
    buffers: Rows<'t, Buffer<'t>>,
}

#[derive(Element, Clone)]
struct Buffer<'t> {
    #[length]
    bytes_requested: i64,
    #[bytes]
    iov_data_read: Option<&'t [u8]>,
}

export_plugin!(Recvmsg);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn receives_nothing() {
        let buffer = Buffer { bytes_requested: 16, iov_data_read: Some(b"hello") };
        let record = Recvmsg {
            descriptor: Fd(3),
            flags_value: Some(0),
            bytes_requested: 5,
            buffers: Rows::of(vec![buffer]),
        };
        Stage::new().simulate(3).recorded(5, 0).replay(&record).is_not_made();
    }
}
