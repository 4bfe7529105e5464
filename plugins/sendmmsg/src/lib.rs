//! sendmmsg(2): send several messages through a socket.

use sdk::abi::Item;
use sdk::declare::{ALWAYS, item, member, of_vectors, with_buffer};
use sdk::prelude::*;
use sdk::stream::{Direction, transfer};

/// A head row (`item_number` = −1), then a row per message that was sent.
#[derive(Record)]
#[record(
    syscall = "sendmmsg",
    blocks,
    simulated = "its other end is not in the trace",
    partly,
    changes = descriptors,
    class = "network"
)]
struct Sendmmsg<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[arg(2)]
    count: i32,
    #[arg(3)]
    #[bits(bits::SEND)]
    flags_value: Option<i32>,
    #[items(1, ret(), MESSAGE, after)]
    messages: Rows<'t, Sent<'t>>,
}

/// A `struct mmsghdr`.
#[derive(Element, Clone)]
struct Sent<'t> {
    #[member(8, width = 4)]
    sockaddr_length: Option<i32>,
    #[member(40)]
    control_length: Option<i64>,
    #[member(56, width = 4)]
    bytes_sent: Option<i32>,
    #[bytes]
    #[not_compared]
    data_written: Option<&'t [u8]>,
}

/// Its data is behind I/O vectors, as much of it as was sent.
const MESSAGE: Item = of_vectors(with_buffer(item(64), 16, 24, ALWAYS), member(56, 4));

impl<'t> Replay<'t> for Sendmmsg<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        let flags = self.flags_value.ok_or(Skip::NOT_CAPTURED)? as usize;
        let send = |data: &[u8]| {
            let words = [fd as usize, data.as_ptr() as usize, data.len(), flags, 0, 0];
            // SAFETY: the data is as long as the call is told, and there is no address.
            unsafe { sys::call(libc::SYS_sendto, words) }
        };
        if !process.recorded().succeeded() {
            return match process.recorded().errno {
                libc::EBADF | libc::ENOTSOCK | libc::ENOTCONN | libc::EPIPE => Ok(send(b"")),
                libc::EAGAIN | libc::EINTR => Err(Skip::TIMING),
                _ => Err(Skip::NOT_CAPTURED),
            };
        }
        let is_plain =
            |sent: Sent<'_>| (sent.sockaddr_length, sent.control_length) == (Some(0), Some(0));
        if !self.messages.iter().all(is_plain) {
            return Err(Skip::NOT_CAPTURED);
        }
        // One by one: each may take several steps.
        for message in self.messages.iter() {
            let data = process.payload(message.data_written.ok_or(Skip::NOT_CAPTURED)?);
            let sent = match data.len() {
                0 => send(data),
                length => transfer(fd, Direction::Write, length, |done| send(&data[done..])),
            };
            if let Err(error) = sent {
                return Ok(Err(error));
            }
        }
        Ok(Ok(process.recorded().return_value))
    }
}

export_plugin!(Sendmmsg);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const SENT: Sent<'_> = Sent {
        sockaddr_length: Some(0),
        control_length: Some(0),
        bytes_sent: Some(5),
        data_written: Some(b"hello"),
    };

    fn sendmmsg(messages: Vec<Sent<'_>>) -> Sendmmsg<'_> {
        let (descriptor, flags_value) = (Fd(3), Some(0));
        Sendmmsg { descriptor, count: 2, flags_value, messages: Rows::of(messages) }
    }

    #[test]
    fn sends_one_message_after_the_other() {
        let mut stage = Stage::with_sockets(3, 4);
        let there = Sent { data_written: Some(b" there"), bytes_sent: Some(6), ..SENT };
        stage.recorded(2, 0).replay(&sendmmsg(vec![SENT, there])).returns(2);
        assert_eq!(stage.drain(4), b"hello there");
    }

    #[test]
    fn without_another_end_it_fails_again() {
        let mut stage = Stage::with_socket(3);
        stage.recorded(-1, libc::ENOTCONN).replay(&sendmmsg(vec![])).fails(libc::ENOTCONN);
    }

    #[test]
    fn what_goes_beside_the_data_is_not_in_the_trace() {
        let mut stage = Stage::with_sockets(3, 4);
        let beside = Sent { control_length: Some(20), ..SENT };
        stage.recorded(1, 0).replay(&sendmmsg(vec![beside])).is_not_made();
        stage.simulate(3).recorded(1, 0).replay(&sendmmsg(vec![SENT])).is_not_made();
    }
}
