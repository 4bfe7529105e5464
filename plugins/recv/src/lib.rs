//! recv(2): receive from a socket. Only some architectures have it as a call of its own; elsewhere it is
//! recvfrom(2), so here its records are read and never made.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(
    extent = "recv",
    simulated = "the network is not touched",
    changes = descriptors,
    class = "network"
)]
struct Recv<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[output(1, length = 2)]
    data_read: Option<&'t [u8]>,
    #[arg(2)]
    bytes_requested: i64,
    #[arg(3)]
    #[bits(FLAGS)]
    flags_value: Option<i32>,
}

/// As [`bits::RECEIVE`], but the schema has one name misspelt.
const FLAGS: &[Bit] = &[
    bit("flag_cmsg_cloexec", "MSG_CMSG_CLOEXEC", libc::MSG_CMSG_CLOEXEC as i64),
    bit("flag_donwait", "MSG_DONTWAIT", libc::MSG_DONTWAIT as i64),
    bit("flag_errqueue", "MSG_ERRQUEUE", libc::MSG_ERRQUEUE as i64),
    bit("flag_oob", "MSG_OOB", libc::MSG_OOB as i64),
    bit("flag_peek", "MSG_PEEK", libc::MSG_PEEK as i64),
    bit("flag_trunc", "MSG_TRUNC", libc::MSG_TRUNC as i64),
    bit("flag_waitall", "MSG_WAITALL", libc::MSG_WAITALL as i64),
];

export_plugin!(Recv);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn receives_nothing() {
        let record = Recv {
            descriptor: Fd(3),
            data_read: Some(b"hello"),
            bytes_requested: 16,
            flags_value: Some(0),
        };
        Stage::new().simulate(3).recorded(5, 0).replay(&record).is_not_made();
    }
}
