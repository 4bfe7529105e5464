//! sendmsg(2): send a message from several buffers through a socket.

use sdk::prelude::*;
use sdk::socket::Message;

/// A head row (`iov_number` = −1), then a row per buffer.
#[derive(Record)]
#[record(
    syscall = "sendmsg",
    blocks,
    simulated = "its other end is not in the trace",
    partly,
    changes = descriptors,
    class = "network"
)]
struct Sendmsg<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[arg(2)]
    #[bits(bits::SEND)]
    flags_value: Option<i32>,
    #[ret]
    bytes_requested: i64,
    #[rows(1, message, before)]
    buffers: Rows<'t, Buffer<'t>>,
    #[behind(1, pointer = 0, length = 8, width = 4)]
    #[added]
    sockaddr_buffer: Option<&'t [u8]>,
    #[behind(1, pointer = 32, length = 40)]
    #[added]
    control_buffer: Option<&'t [u8]>,
}

#[derive(Element, Clone)]
struct Buffer<'t> {
    #[length]
    bytes_requested: i64,
    #[bytes]
    iov_data_written: Option<&'t [u8]>,
}

impl<'t> Replay<'t> for Sendmsg<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        let name = process.recipient(self.sockaddr_buffer)?;
        let buffers = process.input_vectors(1, &self.buffers)?;
        let control = process.control_to_send(self.control_buffer);
        let flags = self.flags_value.ok_or(Skip::NOT_CAPTURED)? as usize;
        process.send_as_much(self.descriptor, |done| {
            let rest = buffers.after(done);
            // What goes beside the data goes with its first byte.
            let beside = if done == 0 { &control[..] } else { &[] };
            let mut message = Message::new(&rest).to(name).with(beside);
            let words = [fd as usize, message.word(), flags, 0, 0, 0];
            // SAFETY: the message names memory that is as long as it says.
            unsafe { sys::call(libc::SYS_sendmsg, words) }
        })
    }
}

export_plugin!(Sendmsg);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn sendmsg<'t>(data: &'t [u8], control: Option<&'t [u8]>) -> Sendmsg<'t> {
        let bytes_requested = data.len() as i64;
        let buffer = Buffer { bytes_requested, iov_data_written: Some(data) };
        Sendmsg {
            descriptor: Fd(3),
            flags_value: Some(0),
            bytes_requested,
            buffers: Rows::of(vec![buffer]),
            sockaddr_buffer: None,
            control_buffer: control,
        }
    }

    #[test]
    fn sends_data_and_descriptors() {
        let mut stage = Stage::with_sockets(3, 4);
        std::fs::write(stage.path("file"), "content").unwrap();
        stage.open(5, "file");
        let control = sdk::control::passing(&[5]);
        stage.recorded(5, 0).replay(&sendmsg(b"hello", Some(&control))).returns(5);
        let received = stage.descriptor_received(4);
        assert_eq!(
            std::fs::read_to_string(format!("/proc/self/fd/{received}")).unwrap(),
            "content"
        );
    }

    #[test]
    fn a_descriptor_that_is_simulated_is_not_sent() {
        let mut stage = Stage::with_sockets(3, 4);
        stage.simulate(5);
        let control = sdk::control::passing(&[5]);
        stage.recorded(5, 0).replay(&sendmsg(b"hello", Some(&control))).returns(5);
        assert_eq!(stage.drain(4), b"hello");
    }
}
