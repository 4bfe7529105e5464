//! send(2): send through a socket. Only some architectures have it as a call of its own; elsewhere it is
//! sendto(2), so here its records are read and never made.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    extent = "send",
    simulated = "the network is not touched",
    changes = descriptors,
    class = "network"
)]
struct Send<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[input(1, length = 2)]
    data_written: Option<&'t [u8]>,
    #[arg(2)]
    bytes_requested: i64,
    #[arg(3)]
    #[bits(bits::SEND)]
    flags_value: Option<i32>,
}

export_plugin!(Send);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn sends_nothing() {
        let record = Send {
            descriptor: Fd(3),
            data_written: Some(b"hello"),
            bytes_requested: 5,
            flags_value: Some(0),
        };
        Stage::new().simulate(3).recorded(5, 0).replay(&record).is_not_made();
    }
}
