//! accept4(2): as accept(2), with flags for the new descriptor.

use sdk::abi::Bit;
use sdk::declare::bit;
use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "accept4", returns = descriptor, simulated = "the network is not touched")]
struct Accept4<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[output(1, filled = 2)]
    sockaddr_buffer: Option<&'t [u8]>,
    #[after(2)]
    sockaddr_length: Option<i32>,
    #[arg(3)]
    #[bits(FLAGS)]
    flags: Option<i32>,
}

const FLAGS: &[Bit] = &[
    bit("", "SOCK_CLOEXEC", libc::SOCK_CLOEXEC as i64),
    bit("", "SOCK_NONBLOCK", libc::SOCK_NONBLOCK as i64),
];

export_plugin!(Accept4);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn waits_for_no_connection() {
        let record = Accept4 {
            descriptor: Fd(3),
            sockaddr_buffer: None,
            sockaddr_length: None,
            flags: Some(libc::SOCK_CLOEXEC),
        };
        Stage::new().simulate(3).recorded(4, 0).replay(&record).is_not_made();
    }
}
