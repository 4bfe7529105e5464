//! sendmmsg(2): send several messages through a socket.

use libc::iovec;
use sdk::abi::Item;
use sdk::prelude::*;
use sdk::socket::{Message, message};
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
    #[beside(message::ADDRESS)]
    #[not_compared]
    sockaddr_buffer: Option<&'t [u8]>,
    #[member(40)]
    control_length: Option<i64>,
    #[beside(message::CONTROL)]
    #[not_compared]
    control_buffer: Option<&'t [u8]>,
    #[member(56, width = 4)]
    bytes_sent: Option<i32>,
    #[bytes]
    #[not_compared]
    data_written: Option<&'t [u8]>,
}

/// Its data is behind I/O vectors, as much of it as was sent.
const MESSAGE: Item = message::DATA;

impl Sent<'_> {
    /// Whether the trace has all of it.
    fn is_whole(&self) -> bool {
        let has = |length: i64, bytes: Option<&[u8]>| length == 0 || bytes.is_some();
        let address = has(self.sockaddr_length.unwrap_or(0).into(), self.sockaddr_buffer);
        address && has(self.control_length.unwrap_or(0), self.control_buffer)
    }
}

impl<'t> Replay<'t> for Sendmmsg<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        let flags = self.flags_value.ok_or(Skip::NOT_CAPTURED)? as usize;
        let send = |data: &[u8], to, beside: &[u8]| {
            let iov_base = data.as_ptr().cast_mut().cast();
            let buffer = [iovec { iov_base, iov_len: data.len() }];
            let mut message = Message::new(&buffer).to(to).with(beside);
            let words = [fd as usize, message.word(), flags, 0, 0, 0];
            // SAFETY: the message names memory that is as long as it says.
            unsafe { sys::call(libc::SYS_sendmsg, words) }
        };
        if !process.recorded().succeeded() {
            return match process.recorded().errno {
                // Of one that was to go beside the data; a failed call has no rows of messages.
                libc::EBADF if fd >= 0 => Err(Skip::NOT_CAPTURED),
                libc::EBADF | libc::ENOTSOCK | libc::ENOTCONN | libc::EPIPE => {
                    Ok(send(b"", (0, 0), b""))
                }
                libc::EAGAIN | libc::EINTR => Err(Skip::TIMING),
                _ => Err(Skip::NOT_CAPTURED),
            };
        }
        if !self.messages.iter().all(|message| message.is_whole()) {
            return Err(Skip::NOT_CAPTURED);
        }
        // One by one: each may take several steps.
        for message in self.messages.iter() {
            let to = process.recipient(message.sockaddr_buffer)?;
            let control = process.control_to_send(message.control_buffer);
            let data = process.payload(message.data_written.ok_or(Skip::NOT_CAPTURED)?);
            // What goes beside the data goes with its first byte.
            let step = |done| send(&data[done..], to, if done == 0 { &control } else { b"" });
            let sent = match data.len() {
                0 => step(0),
                length => transfer(fd, Direction::Write, length, step),
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
        sockaddr_buffer: None,
        control_length: Some(0),
        control_buffer: None,
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
    fn descriptors_go_beside_the_data() {
        let mut stage = Stage::with_sockets(3, 4);
        std::fs::write(stage.path("file"), "content").unwrap();
        stage.open(5, "file");
        let control = sdk::control::passing(&[5]);
        let control_length = Some(control.len() as i64);
        let beside = Sent { control_length, control_buffer: Some(&control), ..SENT };
        stage.recorded(1, 0).replay(&sendmmsg(vec![beside])).returns(1);
        let fd = stage.descriptor_received(4);
        assert_eq!(std::fs::read_to_string(format!("/proc/self/fd/{fd}")).unwrap(), "content");
    }

    #[test]
    fn what_the_trace_lacks_is_not_sent() {
        let mut stage = Stage::with_sockets(3, 4);
        for lacking in [
            Sent { control_length: Some(20), ..SENT },
            Sent { sockaddr_length: Some(20), ..SENT },
            Sent { data_written: None, ..SENT },
        ] {
            stage.recorded(1, 0).replay(&sendmmsg(vec![lacking])).is_not_made();
        }
        stage.simulate(3).recorded(1, 0).replay(&sendmmsg(vec![SENT])).is_not_made();
    }
}
