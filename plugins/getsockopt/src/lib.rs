//! getsockopt(2): the value of one of a socket's options.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "getsockopt", simulated = "the network is not touched", class = "network")]
struct Getsockopt<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[arg(1)]
    #[names(bits::SOCKET_LEVEL)]
    level: i32,
    #[arg(2)]
    #[bits(bits::SOCKET_OPTION, when = arg(1).is(libc::SOL_SOCKET))]
    optname: i32,
    #[output(3, filled = 4)]
    option_value: Option<&'t [u8]>,
    #[after(4)]
    buffer_size: Option<i32>,
}

export_plugin!(Getsockopt);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn asks_no_socket_for_its_options() {
        let record = Getsockopt {
            descriptor: Fd(3),
            level: libc::SOL_SOCKET,
            optname: libc::SO_ERROR,
            option_value: Some(&[0; 4]),
            buffer_size: Some(4),
        };
        Stage::new().simulate(3).replay(&record).is_not_made();
    }
}
