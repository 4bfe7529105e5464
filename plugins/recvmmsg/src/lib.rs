//! recvmmsg(2): receive several messages from a socket.

use libc::iovec;
use sdk::abi::Item;
use sdk::prelude::*;
use sdk::socket::{CONTROL_ROOM, Message, message};
use sdk::stream::{Direction, transfer};

/// A head row (`item_number` = −1), then a row per message that came.
#[derive(Record)]
#[record(
    syscall = "recvmmsg",
    blocks,
    simulated = "its other end is not in the trace",
    partly,
    changes = descriptors,
    class = "network"
)]
struct Recvmmsg<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[arg(2)]
    count: i32,
    #[arg(3)]
    #[bits(bits::RECEIVE)]
    flags_value: Option<i32>,
    #[timespec(4)]
    timeout: Option<Tfrac>,
    #[items(1, ret(), MESSAGE, after)]
    messages: Rows<'t, Received<'t>>,
}

/// A `struct mmsghdr`.
#[derive(Element, Clone)]
struct Received<'t> {
    #[beside(message::ADDRESS)]
    #[not_compared]
    sockaddr_buffer: Option<&'t [u8]>,
    #[beside(message::CONTROL)]
    #[not_compared]
    control_buffer: Option<&'t [u8]>,
    #[member(56, width = 4)]
    bytes_received: Option<i32>,
    #[bytes]
    data_read: Option<&'t [u8]>,
}

/// Its data is behind I/O vectors, as much of it as came.
const MESSAGE: Item = message::DATA;

/// The declared columns of a message, behind the four of the head row.
const BYTES_RECEIVED: u32 = 6;
const DATA_READ: u32 = 7;

impl<'t> Replay<'t> for Recvmmsg<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let mut taken = 0;
        let received = self.receive(process, &mut taken);
        // What didn't come is simulated.
        for message in self.messages.iter().skip(taken) {
            process.adopt_control(message.control_buffer, &[]);
        }
        received
    }
}

impl<'t> Recvmmsg<'t> {
    /// Receives the messages, of which `taken` are counted.
    fn receive(&self, process: &mut Process<'t>, taken: &mut usize) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        let flags = self.flags_value.ok_or(Skip::NOT_CAPTURED)? & !libc::MSG_WAITFORONE;
        let receive = |room: &mut [u8], beside: &mut [u8]| {
            let buffer = [iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() }];
            let mut message = Message::new(&buffer).with_room(beside);
            let words = [fd as usize, message.word(), flags as usize, 0, 0, 0];
            // SAFETY: the message names room that is as long as it says.
            let received = unsafe { sys::call(libc::SYS_recvmsg, words) };
            (received, message.filled())
        };
        if !process.recorded().succeeded() {
            return match process.recorded().errno {
                libc::EAGAIN | libc::EINTR => Err(Skip::TIMING),
                libc::EFAULT | libc::EINVAL => Err(Skip::NOT_CAPTURED),
                _ => Ok(receive(&mut [0], &mut []).0),
            };
        }
        // One by one: each may take several steps.
        for message in self.messages.iter() {
            let recorded = message.data_read.ok_or(Skip::NOT_CAPTURED)?;
            let room = process.scratch(1, recorded.len().max(1) as u64)?;
            let mut control = vec![0; message.control_buffer.map_or(0, |_| CONTROL_ROOM)];
            let mut filled = 0;
            let mut step = |room: &mut [u8], is_first: bool| {
                let beside = if is_first { &mut control[..] } else { &mut [] };
                let (received, came) = receive(room, beside);
                if is_first && received.is_ok() {
                    filled = came;
                }
                received
            };
            let received = match recorded.len() {
                0 => step(room, true),
                length => transfer(fd, Direction::Read, length, |done| {
                    step(&mut room[done..length], done == 0)
                }),
            };
            let count = match received {
                Ok(count) => count as usize,
                Err(error) => return Ok(Err(error)),
            };
            *taken += 1;
            process.adopt_control(message.control_buffer, &control[..filled.min(control.len())]);
            if count != recorded.len() {
                let expected = recorded.len().to_string();
                process.diverged(BYTES_RECEIVED, &expected, &count.to_string());
            } else if process.verifies() && room[..count] != *recorded {
                process.diverged(DATA_READ, "the recorded bytes", "others");
            }
        }
        Ok(Ok(process.recorded().return_value))
    }
}

export_plugin!(Recvmmsg);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn recvmmsg(messages: &[&'static [u8]]) -> Recvmmsg<'static> {
        let messages = messages.iter().map(|data| Received {
            sockaddr_buffer: None,
            control_buffer: None,
            bytes_received: Some(data.len() as i32),
            data_read: Some(data),
        });
        Recvmmsg {
            descriptor: Fd(3),
            count: 8,
            flags_value: Some(libc::MSG_WAITFORONE),
            timeout: None,
            messages: Rows::of(messages.collect()),
        }
    }

    #[test]
    fn takes_the_messages_however_they_come() {
        let mut stage = Stage::with_sockets(3, 4);
        stage.write_in_pieces(4, &[b"hel", b"lo there"]);
        let played = stage.recorded(2, 0).replay(&recvmmsg(&[b"hello", b" there"])).returns(2);
        assert!(played.diverged().is_empty());
    }

    #[test]
    fn other_data_diverges() {
        let mut stage = Stage::with_sockets(3, 4);
        stage.fill(4, b"hallo");
        let played = stage.recorded(1, 0).replay(&recvmmsg(&[b"hello"])).returns(1);
        assert_eq!(played.diverged().len(), 1);
    }

    #[test]
    fn a_descriptor_that_came_has_its_traced_number_or_is_simulated() {
        let control = sdk::control::passing(&[9]);
        let mut recvmmsg = recvmmsg(&[b"hello"]);
        let message = recvmmsg.messages.iter().next().unwrap();
        let with_control = Received { control_buffer: Some(&control), ..message };
        recvmmsg.messages = Rows::of(vec![with_control]);
        let mut stage = Stage::with_sockets(3, 4);
        std::fs::write(stage.path("file"), "content").unwrap();
        stage.open(5, "file");
        stage.send_descriptor(4, 5, b"hello");
        stage.recorded(1, 0).replay(&recvmmsg).returns(1);
        let fd = stage.descriptor(9).expect("it came");
        assert_eq!(std::fs::read_to_string(format!("/proc/self/fd/{fd}")).unwrap(), "content");
        stage.simulate(3).recorded(1, 0).replay(&recvmmsg).is_not_made();
        assert!(stage.is_simulated(9));
    }

    #[test]
    fn nothing_comes_from_who_is_not_in_the_trace() {
        let mut stage = Stage::with_sockets(3, 4);
        stage.simulate(3).recorded(1, 0).replay(&recvmmsg(&[b"hello"])).is_not_made();
    }
}
