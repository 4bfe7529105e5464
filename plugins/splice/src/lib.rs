//! splice(2): move data between a pipe and a file, or another pipe.

use std::os::fd::RawFd;

use sdk::prelude::*;
use sdk::stream::{Direction, transfer, wait};

#[derive(Record)]
#[record(syscall = "splice", blocks, changes = descriptors)]
struct Splice {
    #[arg(0)]
    #[source]
    in_descriptor: Fd,
    #[before(1)]
    in_offset: Option<i64>,
    #[arg(2)]
    out_descriptor: Fd,
    #[before(3)]
    out_offset: Option<i64>,
    #[arg(4)]
    bytes_requested: i64,
    #[arg(5)]
    #[bits(bits::SPLICE)]
    flags_value: Option<i32>,
}

impl<'t> Replay<'t> for Splice {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        if matches!(process.recorded().errno, libc::EAGAIN | libc::EINTR) {
            return Err(Skip::TIMING);
        }
        let moved = process.recorded().return_value;
        let (from, to) = match (process.fd(self.in_descriptor), process.fd(self.out_descriptor)) {
            (Ok(from), Ok(to)) => (from, to),
            (Ok(from), Err(skip)) => {
                if moved > 0 && self.in_offset.is_none() {
                    take(from, moved as usize, process)?;
                }
                return Err(skip);
            }
            (Err(skip), Ok(to)) => {
                if moved > 0 && process.is_stream(self.out_descriptor) {
                    stand_in(to, moved as usize, process)?;
                }
                return Err(skip);
            }
            (Err(skip), Err(_)) => return Err(skip),
        };
        let in_offset = process.memory(1, 8, &[(0, 8, self.in_offset)])?;
        let out_offset = process.memory(3, 8, &[(0, 8, self.out_offset)])?;
        let flags = self.flags_value.unwrap_or(0) as usize;
        let splice = |length: i64, flags: usize| {
            let (in_offset, out_offset) = (in_offset.address(), out_offset.address());
            let words = [from as usize, in_offset, to as usize, out_offset, length as usize, flags];
            // SAFETY: both offsets are null or memory of this record, which the kernel keeps up to date.
            unsafe { sys::call(libc::SYS_splice, words) }
        };
        if moved <= 0 {
            return Ok(splice(self.bytes_requested, flags));
        }
        // How the data comes is a matter of the moment: all of it is waited for.
        let flags = flags & !(libc::SPLICE_F_NONBLOCK as usize);
        Ok(transfer(from, Direction::Read, moved as usize, |done| {
            let moved = splice(moved - done as i64, flags);
            if moved == Err(Errno(libc::EAGAIN)) {
                wait(to, Direction::Write)?;
            }
            moved
        }))
    }
}

/// Bytes that are passed on at once.
const PIECE: usize = 64 << 10;

/// Takes from `from` what went where the replay doesn't follow: a pipe must not fill up.
fn take(from: RawFd, total: usize, process: &mut Process<'_>) -> Result<(), Skip> {
    let room = process.scratch(0, PIECE as u64)?.as_mut_ptr() as usize;
    let _ = transfer(from, Direction::Read, total, |done| {
        let words = [from as usize, room, (total - done).min(PIECE), 0, 0, 0];
        // SAFETY: the room is this record's, and as long as the call is told.
        unsafe { sys::call(libc::SYS_read, words) }
    });
    Ok(())
}

/// Lets zeros stand for what came from where the replay doesn't follow: whoever reads the pipe waits for
/// so much.
fn stand_in(to: RawFd, total: usize, process: &mut Process<'_>) -> Result<(), Skip> {
    process.warn(&format!("{total} bytes that a pipe got aren't in the trace: they are zeros"));
    let zeros = process.scratch(0, PIECE as u64)?;
    zeros.fill(0);
    let start = zeros.as_ptr() as usize;
    let _ = transfer(to, Direction::Write, total, |done| {
        let words = [to as usize, start, (total - done).min(PIECE), 0, 0, 0];
        // SAFETY: the memory is this record's, and as long as the call is told.
        unsafe { sys::call(libc::SYS_write, words) }
    });
    Ok(())
}

export_plugin!(Splice);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const TO_PIPE: Splice = Splice {
        in_descriptor: Fd(5),
        in_offset: None,
        out_descriptor: Fd(4),
        out_offset: None,
        bytes_requested: 100,
        flags_value: Some(libc::SPLICE_F_NONBLOCK as i32),
    };

    /// Descriptors 3 and 4 are the ends of a pipe, 5 is open on `file`.
    fn stage() -> Stage {
        let mut stage = Stage::with_pipe(3, 4);
        std::fs::write(stage.path("file"), b"0123456789").expect("the directory is writable");
        stage.open(5, "file");
        stage
    }

    #[test]
    fn what_leaves_the_file_comes_back_at_another_place() {
        let mut stage = stage();
        let at_six = Splice { in_offset: Some(6), ..TO_PIPE };
        stage.recorded(4, 0).replay(&at_six).returns(4);
        assert_eq!(stage.offset(5), 0);
        let back =
            Splice { in_descriptor: Fd(3), out_descriptor: Fd(5), out_offset: Some(1), ..TO_PIPE };
        stage.recorded(4, 0).replay(&back).returns(4);
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"0678956789");
    }

    #[test]
    fn moves_as_much_as_was_moved_however_it_comes() {
        let mut stage = stage();
        stage.write_in_pieces(4, &[b"ab", b"cdef"]);
        let to_file = Splice { in_descriptor: Fd(3), out_descriptor: Fd(5), ..TO_PIPE };
        stage.recorded(5, 0).replay(&to_file).returns(5);
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"abcde56789");
    }

    #[test]
    fn without_a_pipe_it_fails_again() {
        let mut stage = stage();
        let no_pipe = Splice { out_descriptor: Fd(5), ..TO_PIPE };
        stage.recorded(-1, libc::EINVAL).replay(&no_pipe).fails(libc::EINVAL);
    }

    #[test]
    fn what_depended_on_the_moment_is_not_made() {
        stage().recorded(-1, libc::EAGAIN).replay(&TO_PIPE).is_not_made();
    }

    #[test]
    fn what_goes_to_a_socket_leaves_the_pipe() {
        let mut stage = stage();
        stage.fill(4, b"0123456789");
        stage.simulate(6);
        let to_socket = Splice { in_descriptor: Fd(3), out_descriptor: Fd(6), ..TO_PIPE };
        stage.recorded(4, 0).replay(&to_socket).is_not_made();
        assert_eq!(stage.drain(3), b"456789");
    }

    #[test]
    fn what_came_from_a_socket_is_zeros_in_the_pipe() {
        let mut stage = stage();
        stage.simulate(6);
        let from_socket = Splice { in_descriptor: Fd(6), ..TO_PIPE };
        let played = stage.recorded(4, 0).replay(&from_socket).is_not_made();
        assert_eq!(played.log().len(), 1);
        assert_eq!(stage.drain(3), [0; 4]);
    }
}
