//! sendto(2): send through a socket, to an address if it isn't connected to one.

use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "sendto",
    blocks,
    simulated = "its other end is not in the trace",
    partly,
    changes = descriptors,
    class = "network"
)]
struct Sendto<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[input(1, length = 2)]
    data_written: Option<&'t [u8]>,
    #[arg(2)]
    bytes_requested: i64,
    #[arg(3)]
    #[bits(bits::SEND)]
    flags_value: Option<i32>,
    #[input(4, length = 5, whole)]
    sockaddr_buffer: Option<&'t [u8]>,
    #[arg(5)]
    sockaddr_length: i32,
}

impl<'t> Replay<'t> for Sendto<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        let (address, address_length) = match self.sockaddr_buffer {
            None => (0, 0),
            Some(address) => {
                let address = process.address(4, address)?;
                if !process.is_announced(&address) {
                    return Err(Skip::SIMULATED);
                }
                address.words()
            }
        };
        let (data, length) = process.input(1, self.data_written, self.bytes_requested)?;
        let flags = self.flags_value.ok_or(Skip::NOT_CAPTURED)? as usize;
        process.send_as_much(self.descriptor, |done| {
            let words = [fd as usize, data + done, length - done, flags, address, address_length];
            // SAFETY: both pointers lead to as many bytes as the lengths behind them say.
            unsafe { sys::call(libc::SYS_sendto, words) }
        })
    }
}

export_plugin!(Sendto);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const SENDTO: Sendto<'_> = Sendto {
        descriptor: Fd(3),
        data_written: Some(b"hello"),
        bytes_requested: 5,
        flags_value: Some(libc::MSG_NOSIGNAL),
        sockaddr_buffer: None,
        sockaddr_length: 0,
    };

    #[test]
    fn sends_to_the_other_end() {
        let mut stage = Stage::with_sockets(3, 4);
        stage.recorded(5, 0).replay(&SENDTO).returns(5);
        assert_eq!(stage.drain(4), b"hello");
    }

    #[test]
    fn nothing_is_sent_to_who_is_not_in_the_trace() {
        let mut stage = Stage::with_socket(3);
        let address = [2, 0, 0, 80, 127, 0, 0, 1];
        let to = Sendto { sockaddr_buffer: Some(&address), sockaddr_length: 8, ..SENDTO };
        stage.recorded(5, 0).replay(&to).is_not_made();
        stage.simulate(3).recorded(5, 0).replay(&SENDTO).is_not_made();
    }

    #[test]
    fn without_another_end_it_fails_again() {
        let mut stage = Stage::with_socket(3);
        stage.recorded(-1, libc::ENOTCONN).replay(&SENDTO).fails(libc::ENOTCONN);
    }
}
