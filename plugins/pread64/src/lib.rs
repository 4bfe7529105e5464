//! pread64(2): read at an offset; the file offset stays where it was.

use sdk::prelude::*;

#[derive(Record, Replay)]
#[record(syscall = "pread64", extent = "pread", looks, keeps_offset)]
struct Pread64<'t> {
    #[arg(0)]
    descriptor: Fd,
    #[output(1, length = 2)]
    data_read: Option<&'t [u8]>,
    #[arg(2)]
    bytes_requested: i64,
    #[arg(3)]
    offset: i64,
}

export_plugin!(Pread64);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Stage;

    #[test]
    fn leaves_the_file_offset_alone() {
        let mut stage = Stage::with_file(3, b"0123456789");
        let record = Pread64 { descriptor: Fd(3), data_read: None, bytes_requested: 4, offset: 6 };
        let played = stage.replay(&record).returns(4);
        assert_eq!(played.filled(0), Some(&b"6789"[..]));
        assert_eq!(stage.offset(3), 0);
    }
}
