//! write(2): write to a file descriptor, at its offset.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "write", stream, changes = descriptors)]
struct Write<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[input(1, length = 2)]
    data_written: Option<&'t [u8]>,
    #[arg(2)]
    bytes_requested: i64,
}

export_plugin!(Write);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    const WRITE: Write<'_> =
        Write { descriptor: Fd(3), data_written: Some(b"abc"), bytes_requested: 3 };

    #[test]
    fn writes_at_the_file_offset() {
        let mut stage = Stage::with_file(3, b"0123456789");
        stage.recorded(3, 0).replay(&WRITE).returns(3);
        stage.recorded(3, 0).replay(&WRITE).returns(3);
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"abcabc6789");
    }

    #[test]
    fn writes_no_more_than_was_taken() {
        let mut stage = Stage::with_file(3, b"");
        let write = Write { bytes_requested: 4096, ..WRITE };
        stage.recorded(3, 0).replay(&write).returns(3);
        assert_eq!(std::fs::read(stage.path("file")).unwrap(), b"abc");
    }

    #[test]
    fn without_its_data_it_is_not_made() {
        let mut stage = Stage::with_file(3, b"");
        let write = Write { data_written: None, ..WRITE };
        stage.recorded(3, 0).replay(&write).is_not_made();
    }
}
