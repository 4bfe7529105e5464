//! preadv(2): read into several buffers, at an offset; the file offset stays where it was.

use sdk::prelude::*;

/// A head row (`iov_number` = −1), then a row per buffer.
#[derive(Record, Replay)]
#[record(syscall = "preadv", looks, keeps_offset)]
struct Preadv<'t> {
    #[arg(0)]
    descriptor: Option<Fd>,
    #[arg(2)]
    count: Option<i32>,
    #[arg(3)]
    offset: Option<i64>,
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

export_plugin!(Preadv);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn preadv<'t>(offset: i64, moved: i64, lengths: &[i64]) -> Preadv<'t> {
        let buffer = |length: &i64| Buffer { bytes_requested: *length, iov_data_read: None };
        Preadv {
            descriptor: Some(Fd(3)),
            count: Some(lengths.len() as i32),
            offset: Some(offset),
            bytes_requested: moved,
            buffers: Rows::of(lengths.iter().map(buffer).collect()),
        }
    }

    #[test]
    fn fills_one_buffer_after_the_other_and_leaves_the_file_offset_alone() {
        let mut stage = Stage::with_file(3, b"0123456789");
        let played = stage.recorded(8, 0).replay(&preadv(2, 8, &[3, 8])).returns(8);
        assert_eq!(played.filled_items(0), [(3, b"234".to_vec()), (8, b"56789".to_vec())]);
        assert_eq!(stage.offset(3), 0);
    }

    #[test]
    fn a_pipe_fails_again() {
        let mut stage = Stage::with_pipe(3, 4);
        stage.recorded(-1, libc::ESPIPE).replay(&preadv(0, -1, &[3])).fails(libc::ESPIPE);
    }

    #[test]
    fn buffers_of_which_nothing_is_known_are_not_filled() {
        let mut stage = Stage::with_file(3, b"0123456789");
        stage.recorded(-1, libc::EFAULT).replay(&preadv(0, -1, &[4])).is_not_made();
    }
}
