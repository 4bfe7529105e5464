//! writev(2): write from several buffers.

use sdk::prelude::*;

/// A head row (`iov_number` = −1), then a row per buffer.
#[derive(Record, Replay)]
#[record(syscall = "writev", stream, changes = descriptors)]
struct Writev<'t> {
    #[arg(0)]
    descriptor: Option<Fd>,
    #[arg(2)]
    count: Option<i32>,
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

export_plugin!(Writev);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn writev<'t>(buffers: &[&'t [u8]]) -> Writev<'t> {
        let moved = buffers.iter().map(|buffer| buffer.len()).sum::<usize>() as i64;
        let buffer =
            |data: &&'t [u8]| Buffer { bytes_requested: 100, iov_data_written: Some(data) };
        let rows = Rows::of(buffers.iter().map(buffer).collect());
        let count = Some(buffers.len() as i32);
        Writev { descriptor: Some(Fd(3)), count, bytes_requested: moved, buffers: rows }
    }

    #[test]
    fn writes_what_was_taken_of_each_buffer() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(5, 0).replay(&writev(&[b"01", b"", b"234"])).returns(5);
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"01234");
    }

    #[test]
    fn writes_no_more_than_was_taken() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(3, 0).replay(&writev(&[b"01", b"234"])).returns(3);
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"012");
    }

    #[test]
    fn without_all_of_its_data_it_is_not_made() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(6, 0).replay(&writev(&[b"01", b"234"])).is_not_made();
    }
}
