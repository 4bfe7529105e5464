//! recvmmsg(2): receive several messages from a socket.

use sdk::abi::Item;
use sdk::declare::{ALWAYS, item, member, of_vectors, with_buffer};
use sdk::prelude::*;
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
    #[member(56, width = 4)]
    bytes_received: Option<i32>,
    #[bytes]
    data_read: Option<&'t [u8]>,
}

/// Its data is behind I/O vectors, as much of it as came.
const MESSAGE: Item = of_vectors(with_buffer(item(64), 16, 24, ALWAYS), member(56, 4));

/// The declared columns of a message, behind the four of the head row.
const BYTES_RECEIVED: u32 = 4;
const DATA_READ: u32 = 5;

impl<'t> Replay<'t> for Recvmmsg<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        let flags = self.flags_value.ok_or(Skip::NOT_CAPTURED)? & !libc::MSG_WAITFORONE;
        let receive = |room: &mut [u8]| {
            let words = [fd as usize, room.as_mut_ptr() as usize, room.len(), flags as usize, 0, 0];
            // SAFETY: there is as much room as the call is told, and no address is asked for.
            unsafe { sys::call(libc::SYS_recvfrom, words) }
        };
        if !process.recorded().succeeded() {
            return match process.recorded().errno {
                libc::EAGAIN | libc::EINTR => Err(Skip::TIMING),
                libc::EFAULT | libc::EINVAL => Err(Skip::NOT_CAPTURED),
                _ => Ok(receive(&mut [0])),
            };
        }
        // One by one: each may take several steps.
        for message in self.messages.iter() {
            let recorded = message.data_read.ok_or(Skip::NOT_CAPTURED)?;
            let room = process.scratch(1, recorded.len().max(1) as u64)?;
            let received = match recorded.len() {
                0 => receive(room),
                length => {
                    transfer(fd, Direction::Read, length, |done| receive(&mut room[done..length]))
                }
            };
            let count = match received {
                Ok(count) => count as usize,
                Err(error) => return Ok(Err(error)),
            };
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
    fn nothing_comes_from_who_is_not_in_the_trace() {
        let mut stage = Stage::with_sockets(3, 4);
        stage.simulate(3).recorded(1, 0).replay(&recvmmsg(&[b"hello"])).is_not_made();
    }
}
