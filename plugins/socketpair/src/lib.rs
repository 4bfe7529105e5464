//! socketpair(2): make two sockets that are connected to each other.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "socketpair", simulated = "the network is not touched")]
struct Socketpair {
    #[arg(0)]
    #[names(bits::ADDRESS_FAMILY)]
    domain: i32,
    #[arg(1)]
    #[bits(bits::SOCKET_TYPE)]
    r#type: i32,
    #[arg(2)]
    protocol: i32,
    #[after(3)]
    read_descriptor: NewFd,
    #[after(3, offset = 4)]
    write_descriptor: NewFd,
}

export_plugin!(Socketpair);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn makes_no_sockets() {
        let record = Socketpair {
            domain: libc::AF_UNIX,
            r#type: libc::SOCK_STREAM,
            protocol: 0,
            read_descriptor: NewFd(3),
            write_descriptor: NewFd(4),
        };
        let mut stage = Stage::new();
        stage.replay(&record).is_not_made();
        assert_eq!((stage.descriptor(3), stage.descriptor(4)), (None, None));
    }
}
