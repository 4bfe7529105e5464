//! setsockopt(2): set one of a socket's options.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "setsockopt", simulated = "the network is not touched")]
struct Setsockopt<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[names(bits::SOCKET_LEVEL)]
    level: i32,
    #[arg(2)]
    #[bits(bits::SOCKET_OPTION, when = arg(1).is(libc::SOL_SOCKET))]
    optname: i32,
    #[input(3, length = 4, whole)]
    option_value: Option<&'t [u8]>,
    #[arg(4)]
    buffer_size: i32,
}

export_plugin!(Setsockopt);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn sets_no_sockets_options() {
        let record = Setsockopt {
            descriptor: Fd(3),
            level: libc::SOL_SOCKET,
            optname: libc::SO_REUSEADDR,
            option_value: Some(&1i32.to_ne_bytes()),
            buffer_size: 4,
        };
        Stage::new().simulate(3).replay(&record).is_not_made();
    }
}
