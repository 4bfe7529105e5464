//! recvmsg(2): receive a message from a socket into several buffers.

use sdk::prelude::*;
use sdk::socket::{CONTROL_ROOM, Message};

/// A head row (`iov_number` = −1), then a row per buffer.
#[derive(Record)]
#[record(
    syscall = "recvmsg",
    blocks,
    simulated = "its other end is not in the trace",
    partly,
    changes = descriptors,
    looks_when = arg(2).any(libc::MSG_PEEK),
    class = "network"
)]
struct Recvmsg<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[arg(2)]
    #[bits(bits::RECEIVE)]
    flags_value: Option<i32>,
    #[ret]
    bytes_requested: i64,
    #[rows(1, message, after)]
    buffers: Rows<'t, Buffer<'t>>,
    #[behind(1, pointer = 32, length = 40, after)]
    #[added]
    control_buffer: Option<&'t [u8]>,
}

#[derive(Element, Clone)]
struct Buffer<'t> {
    #[length]
    bytes_requested: i64,
    #[bytes]
    iov_data_read: Option<&'t [u8]>,
}

impl<'t> Replay<'t> for Recvmsg<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let received = self.receive(process);
        if received.is_err() {
            process.adopt_control(self.control_buffer, &[]);
        }
        received
    }
}

impl<'t> Recvmsg<'t> {
    fn receive(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        let flags = self.flags_value.ok_or(Skip::NOT_CAPTURED)?;
        let moved = process.streamed(self.descriptor);
        let buffers = process.output_vectors(1, &self.buffers, moved)?;
        let mut control = vec![0; self.control_buffer.map_or(0, |_| CONTROL_ROOM)];
        let mut filled = 0;
        let replayed = process.receive_as_much(self.descriptor, flags, |done| {
            let rest = buffers.after(done);
            let beside = if done == 0 { &mut control[..] } else { &mut [] };
            let mut message = Message::new(&rest).with_room(beside);
            let words = [fd as usize, message.word(), flags as usize, 0, 0, 0];
            // SAFETY: the message names room that is as long as it says.
            let received = unsafe { sys::call(libc::SYS_recvmsg, words) };
            if done == 0 && received.is_ok() {
                filled = message.filled();
            }
            received
        })?;
        process.adopt_control(self.control_buffer, &control[..filled.min(control.len())]);
        if let Ok(moved) = replayed {
            process.returned_items(BUFFERS, buffers.filled(moved as usize));
        }
        Ok(replayed)
    }
}

/// The fetch of the buffers, behind that of the message's header.
const BUFFERS: u32 = 1;

export_plugin!(Recvmsg);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn recvmsg(control: Option<&[u8]>) -> Recvmsg<'_> {
        let buffer = Buffer { bytes_requested: 16, iov_data_read: None };
        Recvmsg {
            descriptor: Fd(3),
            flags_value: Some(0),
            bytes_requested: 5,
            buffers: Rows::of(vec![buffer]),
            control_buffer: control,
        }
    }

    #[test]
    fn takes_what_was_taken_however_it_comes() {
        let mut stage = Stage::with_sockets(3, 4);
        stage.write_in_pieces(4, &[b"he", b"llo there"]);
        let played = stage.recorded(5, 0).replay(&recvmsg(None)).returns(5);
        assert_eq!(played.filled_items(BUFFERS), [(16, b"hello".to_vec())]);
    }

    #[test]
    fn a_descriptor_that_came_has_its_traced_number() {
        let mut stage = Stage::with_sockets(3, 4);
        std::fs::write(stage.path("file"), "content").unwrap();
        stage.open(5, "file");
        stage.send_descriptor(4, 5, b"hello");
        let control = sdk::control::passing(&[9]);
        stage.recorded(5, 0).replay(&recvmsg(Some(&control))).returns(5);
        let fd = stage.descriptor(9).expect("it came");
        assert_eq!(std::fs::read_to_string(format!("/proc/self/fd/{fd}")).unwrap(), "content");
    }

    #[test]
    fn a_descriptor_that_cannot_come_is_simulated() {
        let mut stage = Stage::new();
        let control = sdk::control::passing(&[9]);
        stage.simulate(3).recorded(5, 0).replay(&recvmsg(Some(&control))).is_not_made();
        assert!(stage.is_simulated(9));
    }
}
