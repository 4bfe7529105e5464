//! vmsplice(2): let a pipe have pages of memory, or fill memory from it.

use sdk::prelude::*;
use sdk::stream::{Direction, transfer};

/// A head row (`iov_number` = −1), then a row per buffer, as it was before the call.
#[derive(Record)]
#[record(syscall = "vmsplice", blocks, changes = descriptors)]
struct Vmsplice<'t> {
    #[arg(0)]
    descriptor: Option<Fd>,
    #[arg(2)]
    count: Option<i32>,
    #[arg(3)]
    #[bits(bits::SPLICE)]
    flags_value: Option<i32>,
    #[ret]
    bytes_requested: i64,
    #[rows(1, count = 2, before)]
    buffers: Rows<'t, Buffer<'t>>,
}

#[derive(Element, Clone)]
struct Buffer<'t> {
    #[length]
    bytes_requested: i64,
    #[bytes]
    iov_data_written: Option<&'t [u8]>,
}

impl<'t> Replay<'t> for Vmsplice<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let descriptor = self.descriptor.ok_or(Skip::MALFORMED)?;
        let fd = process.fd(descriptor)?;
        if !process.recorded().succeeded() || !process.is_stream(descriptor) {
            return Err(Skip::SIMULATED);
        }
        let moved = process.recorded().return_value as usize;
        // SAFETY: the command takes no pointer.
        let flags = unsafe { sys::numbers(libc::SYS_fcntl, [fd.into(), libc::F_GETFL.into()]) };
        let access = flags.map(|flags| flags as i32 & libc::O_ACCMODE);
        let (direction, number, vectors) = if access == Ok(libc::O_RDONLY) {
            let vectors = process.output_vectors(1, &self.buffers, Some(moved))?;
            (Direction::Read, libc::SYS_readv, vectors)
        } else {
            // A copy: a pipe would keep the pages, and the next record needs them.
            let vectors = process.input_vectors(1, &self.buffers)?;
            (Direction::Write, libc::SYS_writev, vectors)
        };
        Ok(transfer(fd, direction, moved, |done| {
            let rest = vectors.after(done);
            let words = [fd as usize, rest.as_ptr() as usize, rest.len(), 0, 0, 0];
            // SAFETY: the vectors lead to memory of this record, as long as they say.
            unsafe { sys::call(number, words) }
        }))
    }
}

export_plugin!(Vmsplice);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn vmsplice<'t>(traced: i32, buffers: &[&'t [u8]]) -> Vmsplice<'t> {
        let buffer = |bytes: &&'t [u8]| Buffer {
            bytes_requested: bytes.len() as i64,
            iov_data_written: Some(bytes),
        };
        Vmsplice {
            descriptor: Some(Fd(traced)),
            count: Some(buffers.len() as i32),
            flags_value: Some(0),
            bytes_requested: 0,
            buffers: Rows::of(buffers.iter().map(buffer).collect()),
        }
    }

    #[test]
    fn the_pipe_has_what_it_was_given() {
        let mut stage = Stage::with_pipe(3, 4);
        stage.recorded(5, 0).replay(&vmsplice(4, &[b"abc", b"defg"])).returns(5);
        assert_eq!(stage.drain(3), b"abcde");
    }

    #[test]
    fn from_the_other_end_it_takes_what_was_taken() {
        let mut stage = Stage::with_pipe(3, 4);
        stage.fill(4, b"0123456789");
        stage.recorded(6, 0).replay(&vmsplice(3, &[b"\0\0\0\0", b"\0\0\0\0"])).returns(6);
        assert_eq!(stage.drain(3), b"6789");
    }

    #[test]
    fn a_file_is_never_written_to() {
        let mut stage = Stage::with_file(3, b"0123456789");
        stage.recorded(-1, libc::EBADF).replay(&vmsplice(3, &[b"abc"])).is_not_made();
        stage.recorded(3, 0).replay(&vmsplice(3, &[b"abc"])).is_not_made();
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"0123456789");
    }
}
