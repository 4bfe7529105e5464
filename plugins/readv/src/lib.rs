//! readv(2): read into several buffers.

use sdk::prelude::*;

/// A head row (`iov_number` = −1), then a row per buffer.
#[derive(Record, Replay)]
#[record(syscall = "readv", stream, looks)]
struct Readv<'t> {
    #[arg(0)]
    descriptor: Option<Fd>,
    #[arg(2)]
    count: Option<i32>,
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

export_plugin!(Readv);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn readv<'t>(moved: i64, lengths: &[i64]) -> Readv<'t> {
        let buffer = |length: &i64| Buffer { bytes_requested: *length, iov_data_read: None };
        let buffers = Rows::of(lengths.iter().map(buffer).collect());
        let count = Some(lengths.len() as i32);
        Readv { descriptor: Some(Fd(3)), count, bytes_requested: moved, buffers }
    }

    #[test]
    fn fills_one_buffer_after_the_other() {
        let mut stage = Stage::with_file(3, b"0123456789");
        let played = stage.recorded(10, 0).replay(&readv(10, &[4, 0, 8])).returns(10);
        assert_eq!(
            played.filled_items(0),
            [(4, b"0123".to_vec()), (0, vec![]), (8, b"456789".to_vec())]
        );
    }

    #[test]
    fn takes_from_a_pipe_what_was_taken_however_it_comes() {
        let mut stage = Stage::with_pipe(3, 4);
        stage.write_in_pieces(4, &[b"01", b"2345"]);
        let played = stage.recorded(5, 0).replay(&readv(5, &[4, 8])).returns(5);
        assert_eq!(played.filled_items(0), [(4, b"0123".to_vec()), (8, b"4".to_vec())]);
    }

    #[test]
    fn buffers_of_which_nothing_is_known_are_not_filled() {
        let mut stage = Stage::with_file(3, b"0123456789");
        stage.recorded(-1, libc::EFAULT).replay(&readv(-1, &[4])).is_not_made();
    }
}
