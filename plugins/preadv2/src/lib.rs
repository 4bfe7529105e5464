//! preadv2(2): read into several buffers, at an offset or the file's own, in a way that flags say.

use sdk::prelude::*;
use sdk::stream::{Direction, transfer, transfer_nothing};

/// A head row (`iov_number` = −1), then a row per buffer. An offset of −1 is the file's own.
#[derive(Record)]
#[record(syscall = "preadv2", blocks, looks, keeps_offset)]
struct Preadv2<'t> {
    #[arg(0)]
    descriptor: Option<Fd>,
    #[arg(2)]
    count: Option<i32>,
    #[arg(3)]
    offset: Option<i64>,
    #[arg(5)]
    #[bits(bits::READ_WRITE)]
    flags_value: Option<i32>,
    #[ret]
    bytes_requested: i64,
    #[rows(1, count = 2, after)]
    buffers: Rows<'t, Buffer<'t>>,
}

#[derive(Element, Clone)]
struct Buffer<'t> {
    #[length]
    bytes_requested: i64,
    #[bytes]
    iov_data_read: Option<&'t [u8]>,
}

/// Number of the fetch of the buffers.
const BUFFERS: u32 = 0;

impl<'t> Replay<'t> for Preadv2<'t> {
    fn replay(&self, process: &mut Process<'t>) -> Replayed {
        let descriptor = self.descriptor.ok_or(Skip::MALFORMED)?;
        let fd = process.fd(descriptor)?;
        let streamed = process.streamed(descriptor);
        let (flags, offset) = (self.flags_value.unwrap_or(0), self.offset.unwrap_or(-1));
        // What is at hand without a wait is a matter of the moment: the replay waits for as much.
        let at_hand = (flags & libc::RWF_NOWAIT != 0).then_some(process.recorded().return_value);
        let limit = streamed.or(at_hand.and_then(|moved| usize::try_from(moved).ok()));
        let vectors = process.output_vectors(1, &self.buffers, limit)?;
        let flags = flags & !libc::RWF_NOWAIT;
        let call = |done| {
            let rest = vectors.after(done);
            let (fd, vectors) = (fd as isize as usize, rest.as_ptr() as usize);
            // The offset's upper half is none where a word holds all of it.
            let words = [fd, vectors, rest.len(), offset as usize, 0, flags as usize];
            // SAFETY: the vectors name buffers of this record.
            unsafe { sys::call(libc::SYS_preadv2, words) }
        };
        let replayed = match streamed {
            Some(total) => transfer(fd, Direction::Read, total, call),
            None => transfer_nothing(fd, Direction::Read, process.recorded(), call),
        };
        if let Ok(moved) = replayed {
            process.returned_items(BUFFERS, vectors.filled(moved as usize));
        }
        Ok(replayed)
    }
}

export_plugin!(Preadv2);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn preadv2<'t>(offset: i64, flags: i32, lengths: &[i64]) -> Preadv2<'t> {
        let buffer = |length: &i64| Buffer { bytes_requested: *length, iov_data_read: None };
        Preadv2 {
            descriptor: Some(Fd(3)),
            count: Some(lengths.len() as i32),
            offset: Some(offset),
            flags_value: Some(flags),
            bytes_requested: 0,
            buffers: Rows::of(lengths.iter().map(buffer).collect()),
        }
    }

    #[test]
    fn only_an_offset_of_minus_one_is_the_files_own() {
        let mut stage = Stage::with_file(3, b"0123456789");
        let played = stage.recorded(4, 0).replay(&preadv2(6, 0, &[3, 8])).returns(4);
        assert_eq!(played.filled_items(0), [(3, b"678".to_vec()), (8, b"9".to_vec())]);
        assert_eq!(stage.offset(3), 0);
        let played = stage.recorded(2, 0).replay(&preadv2(-1, 0, &[2])).returns(2);
        assert_eq!(played.filled_items(0), [(2, b"01".to_vec())]);
        assert_eq!(stage.offset(3), 2);
    }

    #[test]
    fn takes_from_a_pipe_what_was_taken_however_it_comes() {
        let mut stage = Stage::with_pipe(3, 4);
        stage.write_in_pieces(4, &[b"01", b"2345"]);
        let played = stage.recorded(5, 0).replay(&preadv2(-1, 0, &[4, 8])).returns(5);
        assert_eq!(played.filled_items(0), [(4, b"0123".to_vec()), (8, b"4".to_vec())]);
    }

    #[test]
    fn reads_what_was_at_hand_and_no_more() {
        let mut stage = Stage::with_file(3, b"0123456789");
        let nowait = preadv2(0, libc::RWF_NOWAIT, &[4, 4]);
        let played = stage.recorded(5, 0).replay(&nowait).returns(5);
        assert_eq!(played.filled_items(0), [(4, b"0123".to_vec()), (4, b"4".to_vec())]);
        stage.recorded(-1, libc::EAGAIN).replay(&nowait).is_not_made();
    }

    #[test]
    fn an_unknown_flag_fails_again() {
        let mut stage = Stage::with_file(3, b"");
        let unknown = preadv2(0, 1 << 30, &[4]);
        stage.recorded(-1, libc::EOPNOTSUPP).replay(&unknown).fails(libc::EOPNOTSUPP);
    }
}
