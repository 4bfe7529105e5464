//! recvfrom(2): receive from a socket, and learn who sent it.

use sdk::prelude::*;

#[derive(Record)]
#[record(
    syscall = "recvfrom",
    blocks,
    simulated = "its other end is not in the trace",
    partly,
    changes = descriptors,
    looks_when = arg(3).any(libc::MSG_PEEK),
    class = "network"
)]
struct Recvfrom<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[output(1, length = 2)]
    data_read: Option<&'t [u8]>,
    #[arg(2)]
    bytes_requested: i64,
    #[arg(3)]
    #[bits(bits::RECEIVE)]
    flags_value: Option<i32>,
    #[after(5)]
    sockaddr_length: i32,
}

impl<'t> Replay<'t> for Recvfrom<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let fd = process.fd(self.descriptor)?;
        let flags = self.flags_value.ok_or(Skip::NOT_CAPTURED)?;
        let requested = self.bytes_requested;
        let moved = process.streamed(self.descriptor).map_or(requested, |moved| moved as i64);
        let (room, length) = process.output(1, moved)?;
        let replayed = process.receive_as_much(self.descriptor, flags, |done| {
            let words = [fd as usize, room + done, length - done, flags as usize, 0, 0];
            // SAFETY: there is as much room as the length says; no address is asked for.
            unsafe { sys::call(libc::SYS_recvfrom, words) }
        })?;
        if let Ok(moved) = replayed
            && room != 0
        {
            // SAFETY: the kernel filled in no more than the room it was given.
            let data = unsafe {
                std::slice::from_raw_parts(room as *const u8, (moved as usize).min(length))
            };
            process.returned(DATA, data);
        }
        Ok(replayed)
    }
}

/// The fetch of the data.
const DATA: u32 = 0;

export_plugin!(Recvfrom);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const RECVFROM: Recvfrom<'_> = Recvfrom {
        descriptor: Fd(3),
        data_read: None,
        bytes_requested: 100,
        flags_value: Some(0),
        sockaddr_length: 0,
    };

    #[test]
    fn takes_what_was_taken_however_it_comes() {
        let mut stage = Stage::with_sockets(3, 4);
        stage.write_in_pieces(4, &[b"he", b"llo there"]);
        let played = stage.recorded(5, 0).replay(&RECVFROM).returns(5);
        assert_eq!(played.filled(0), Some(&b"hello"[..]));
    }

    #[test]
    fn what_is_only_looked_at_stays() {
        let mut stage = Stage::with_sockets(3, 4);
        stage.fill(4, b"hello");
        let peek = Recvfrom { flags_value: Some(libc::MSG_PEEK), ..RECVFROM };
        stage.recorded(5, 0).replay(&peek).returns(5);
        stage.recorded(5, 0).replay(&RECVFROM).returns(5);
    }

    #[test]
    fn nothing_comes_from_who_is_not_in_the_trace() {
        Stage::new().simulate(3).recorded(5, 0).replay(&RECVFROM).is_not_made();
    }
}
