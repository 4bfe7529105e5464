//! pwritev(2): write from several buffers, at an offset; the file offset stays where it was.

use sdk::prelude::*;

/// A head row (`iov_number` = −1), then a row per buffer.
#[derive(Record, Replay)]
#[record(syscall = "pwritev", keeps_offset, changes = descriptors)]
struct Pwritev<'t> {
    #[arg(0)]
    descriptor: Option<Fd>,
    #[arg(2)]
    count: Option<i32>,
    #[arg(3)]
    offset: Option<i64>,
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

export_plugin!(Pwritev);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    fn pwritev<'t>(offset: i64, buffers: &[&'t [u8]]) -> Pwritev<'t> {
        let buffer =
            |data: &&'t [u8]| Buffer { bytes_requested: 100, iov_data_written: Some(data) };
        Pwritev {
            descriptor: Some(Fd(3)),
            count: Some(buffers.len() as i32),
            offset: Some(offset),
            bytes_requested: 0,
            buffers: Rows::of(buffers.iter().map(buffer).collect()),
        }
    }

    #[test]
    fn writes_what_was_taken_and_leaves_the_file_offset_alone() {
        let mut stage = Stage::with_file(3, b"0123456789");
        stage.recorded(4, 0).replay(&pwritev(2, &[b"ab", b"cde"])).returns(4);
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"01abcd6789");
        assert_eq!(stage.offset(3), 0);
    }

    #[test]
    fn without_all_of_its_data_it_is_not_made() {
        let mut stage = Stage::with_file(3, b"");
        stage.recorded(6, 0).replay(&pwritev(0, &[b"ab", b"cde"])).is_not_made();
    }
}
