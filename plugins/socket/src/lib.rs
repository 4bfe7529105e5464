//! socket(2): make a socket, which has no peer in a replay.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "socket", returns = descriptor, simulated = "the network is not touched")]
struct Socket {
    #[arg(0)]
    #[names(bits::ADDRESS_FAMILY)]
    domain: i32,
    #[arg(1)]
    #[bits(bits::SOCKET_TYPE)]
    r#type: i32,
    #[arg(2)]
    protocol: i32,
}

export_plugin!(Socket);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn makes_no_socket() {
        let record = Socket { domain: libc::AF_UNIX, r#type: libc::SOCK_STREAM, protocol: 0 };
        Stage::new().recorded(3, 0).replay(&record).is_not_made();
    }
}
